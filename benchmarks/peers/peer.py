"""What a peer is to the run: it can be installed, started, and spoken to."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path


class Missing(Exception):
    """A peer cannot be had on this machine; the text says why."""


@dataclass(frozen=True)
class Running:
    """A peer that takes connections."""

    port: int
    pids: tuple[int, ...]
    """All processes that it is made of, whose memory and processor time are its own; its server first."""
    options: Mapping[str, object] = field(default_factory=dict)
    """What its dialect has to know of this run, as ``Task.options``."""


class Peer(ABC):
    """A program that people would pick instead of Parley, and how it does the work of the benchmark.

    The work: a room of N members; one sends a message with text and cid; every member, the sender too, gets a copy; the
    sender gets an acknowledgement.
    """

    name: str
    """How tables and ``--only`` call it."""
    dialect: str
    """What it speaks: a key of ``DIALECTS``."""
    keeps: str
    """What it does to keep a message before it delivers it; ``nothing`` where it does nothing."""
    settings: str
    """Its server, its loop, and what of it was set, for the reader who asks whether this is fair."""

    @abstractmethod
    def install(self) -> str:
        """Install what is pinned, unless that was done, and return the versions that matter in one line.

        Raises:
            Missing: If that cannot be done here.
            Broken: If there is no Redis, or whatever else of the machine it needs.
        """

    @abstractmethod
    def running(self, place: Path) -> AbstractContextManager[Running]:
        """Start it with nothing in it, on the server's core, and end it at the end; files go to ``place``.

        Raises:
            Broken: If it does not start.
        """
