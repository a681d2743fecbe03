"""The tables of ``docs/protocol.md`` that the code of the websocket knows."""

from ws.events import EVENTS, kept, name_of, said_of
from ws.wire.codes import CloseCode


def tables() -> dict[str, str]:
    """Return the tables in Markdown, by the names that their places have."""
    return {"events": _events(), "close codes": close_codes()}


def _events() -> str:
    rows = ["| event | has | kept | what it tells |", "| --- | --- | --- | --- |"]
    for event in EVENTS:
        fields = ", ".join(f"`{field}`" for field in event.__struct_fields__)
        rows.append(f"| `{name_of(event)}` | {fields} | {'yes' if kept(event) else ''} | {said_of(event)} |")
    return "\n".join(rows)


def close_codes() -> str:
    """Return the table of close codes."""
    rows = ["| code | what it tells | come back |", "| --- | --- | --- |"]
    rows += [f"| {int(code)} | {code.meaning} | {'yes' if code.comes_back else ''} |" for code in CloseCode]
    return "\n".join(rows)
