"""Rows of the parity table about reports."""

from tests.integration.every_operation.rows import MEMBER, Row

_MESSAGE = MEMBER | {"kind": "message", "target": "$message", "reason": "spam", "context": 3}
_USER = {"kind": "user", "reason": "other"}

REPORTS = [
    Row("report.make", "ok", "owner", _MESSAGE, writes=True),
    Row("report.make", "reported_already", "owner", _MESSAGE, before=(("owner", "report.make", _MESSAGE),)),
    Row("report.make", "own_content", "member", _MESSAGE),
    Row("report.make", "target_not_found", "stranger", _MESSAGE),
    Row("report.make", "target_not_found", "member", _USER | {"target": "nowhere"}),
    Row("report.make", "bad_request", "member", {"kind": "message", "target": "nowhere", "reason": "spam"}),
    Row("report.mine", "ok", "stranger", {"limit": 10}),
]
