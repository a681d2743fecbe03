"""Letters, as they are written down to be sent."""

from collections.abc import Mapping
from typing import Final, Literal, Protocol

from services.ids import new_id
from services.jobs.job import job
from store.tables import Job

LetterName = Literal[
    "verify",
    "claimed",
    "sign_up",
    "code",
    "reset",
    "recover",
    "new_device",
    "changed",
    "account_deleted",
    "warned",
    "banned",
    "followed",
    "liked",
    "commented",
    "digest",
]
"""Every letter there is; its words are in ``services/mail/words``."""

MAIL = "mail"
"""The kind of the job that sends a letter."""


PROOFS: Final = ("code", "token")
"""Facts that prove something to whoever knows them: in the store they are sealed until the letter leaves."""


class Seals(Protocol):
    """What seals a text for a purpose, and opens it again; ``open`` raises ``ValueError`` where it cannot."""

    def seal(self, text: str, purpose: str) -> str: ...  # noqa: D102 - as above
    def open(self, sealed: str, purpose: str) -> str: ...  # noqa: D102 - as above


def letter(name: LetterName, to: str, language: str, seals: Seals | None = None, /, **facts: str) -> Job:
    """Return the job that sends a letter; ``facts`` are what its words name, ``seals`` is for ``PROOFS`` among them.

    ``language`` is that of the reader's preferences. A fact may be anything: it is told as text, and is in no header.
    What somebody says in a room is no fact. Sent twice, a letter has the same Message-ID.

    Raises:
        ValueError: If a proof would be written down as it is.
    """
    id_ = new_id()
    for proof in PROOFS:
        if proof in facts:
            if seals is None:
                raise ValueError(f"{name}: its {proof} has to be sealed")
            facts[proof] = seals.seal(facts[proof], MAIL)
    return job(MAIL, {"id": id_, "letter": name, "to": to, "language": language, "facts": facts}, id_=id_)


def opened(facts: Mapping[str, str], seals: Seals) -> dict[str, str]:
    """Return the facts of a letter as they were given.

    Raises:
        ValueError: If a proof was sealed with another key.
    """
    return {key: seals.open(fact, MAIL) if key in PROOFS else fact for key, fact in facts.items()}
