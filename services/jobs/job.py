"""Jobs: what is to be done, as it is written down together with what asks for it."""

from typing import Any

from services.ids import new_id, now_ms
from store.tables import Job


def job(kind: str, work: dict[str, Any], *, after_s: float = 0.0, id_: str | None = None) -> Job:
    """Return a job to be inserted into ``JOBS``, best in the transaction of what asks for it.

    ``kind`` is a name in ``services.JOBS``; ``work`` is what its function is given, as JSON has it. It is begun
    ``after_s`` seconds from now at the earliest. Whoever inserted it wakes the node's runner (``Application.jobs``).
    What ``work`` has under ``facts`` is erased when the job dies: there may be codes and links in it.
    """
    now = now_ms()
    return Job(id=id_ or new_id(), kind=kind, work=work, due_at=now + int(after_s * 1000), created_at=now)
