"""What transitions are told, and how long the states of a call last."""

from typing import Final

import msgspec

RING_S: Final = 40
"""How long somebody is rung: about eight rings, after which hardly anybody still answers."""

CONNECT_S: Final = 20
"""How long a leg may take until its media flows: candidates, a relay and a restart of them fit in."""

GRACE_S: Final = 15
"""How long a leg whose socket is gone keeps its place: a change of networks or a restart of a node takes less."""

UNREACHABLE_S: Final = 8
"""After how long without a ringing device somebody who has no session anywhere counts as not to be reached."""

MAX_DURATION_S: Final = 12 * 60 * 60
"""How long any call lasts at most: beyond it, it was forgotten."""

MESH_LEGS: Final = 6
"""Legs that may be in a mesh: each sends its media to every other one."""

SFU_LEGS: Final = 50
"""Legs that may be in a call that a media server carries."""

RINGING_LEGS: Final = 8
"""Devices of one person that are listed as ringing. All others may answer too."""

RINGING_LISTED: Final = 16
"""Ringing devices of all people from which on only the first one of each person is listed: every one that is listed is
told to all the others."""

ENDED_LEGS: Final = 8
"""Legs that are listed after they have ended, the latest: a call that is told again and again does not grow."""

OVERDUE_S: Final = 15
"""For how long a time may be over before another node than the keeper takes it for a difference of their clocks. It is
longer than a dead keeper goes unnoticed: a living one would have acted on it."""

IN: Final = frozenset({"connecting", "connected", "reconnecting"})
"""The states of a leg that is in the call."""


class Moment(msgspec.Struct, frozen=True):
    """When something happens, and at which node."""

    now: int
    """Milliseconds since 1970, by the clock of the node."""
    node: str


class Who(msgspec.Struct, frozen=True):
    """The device that wants something: a session of somebody's log-in."""

    user: str
    username: str
    login: str
