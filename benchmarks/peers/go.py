"""Peers in Go: programs built on demand from a module at a pinned version, and started on one core."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.parts import SERVER_CORE
from benchmarks.peers.installing import INSTALLED, PEERS, call, is_installed, note_installed
from benchmarks.peers.peer import Missing

USUAL_PLACE = Path("/usr/local/go/bin/go")
"""Where the toolchain is unpacked to by its own instructions, which many do not have in their path."""

FLAGS = "-buildvcs=false -modcacherw"
"""This repository is not what is built, and what was downloaded can be deleted."""


def toolchain() -> str:
    """Return the program ``go``.

    Raises:
        Missing: If there is none.
    """
    found = shutil.which("go") or (str(USUAL_PLACE) if USUAL_PLACE.exists() else "")
    if not found:
        raise Missing("there is no Go toolchain")
    return found


class Module:
    """A module of Go at one version, of which the hash is known, and the programs to build of it."""

    def __init__(self, name: str, programs: dict[str, str], *options: str) -> None:
        """Take the name of its pin in ``go_pins``, its programs and the folders of them, and options for the build."""
        self.name = name
        self.pins = PEERS / "go_pins" / f"{name}.txt"
        self.path, self.version, self.hash = self.pins.read_text().split()
        self.programs = programs
        self.options = options

    def __str__(self) -> str:
        return f"{self.path.removeprefix('github.com/')} {self.version}"

    def program(self, name: str) -> str:
        """Return where a program of it is installed."""
        return str(INSTALLED / self.name / name)

    def install(self) -> None:
        """Download and build what is pinned, unless that was done.

        With the go.mod and go.sum of the module itself, which hold all that it stands on. (``go install``
        does the same, but asks for the list of all versions too, which not every proxy gives.)

        Raises:
            Missing: If there is no Go, or the module cannot be had, is not the pinned one or is not built.
        """
        go, place = toolchain(), INSTALLED / self.name
        if not shutil.which("taskset"):
            raise Missing("there is no taskset")
        if is_installed(place, self.pins):
            return
        shutil.rmtree(place, ignore_errors=True)
        work = place / "work"
        work.mkdir(parents=True)
        made = ["env", f"GOFLAGS={FLAGS}", f"GOPATH={work}", f"GOCACHE={work / 'cache'}", go]
        call([*made, "mod", "download", f"{self.path}@{self.version}"], work)
        self._check(work / "pkg" / "mod" / "cache" / "download" / self.path / "@v" / f"{self.version}.ziphash")
        source = work / "pkg" / "mod" / f"{self.path}@{self.version}"
        for program, folder in self.programs.items():
            call([*made, "build", *self.options, "-o", str(place / program), "."], source / folder)
        shutil.rmtree(work)
        note_installed(place, self.pins)

    def _check(self, noted: Path) -> None:
        """Compare the hash of what was downloaded with the pinned one; the toolchain has checked that it is true."""
        if (found := noted.read_text().strip()) != self.hash:
            raise Missing(f"{self.path} {self.version} is {found}, not {self.hash}")


def on_one_core(command: Sequence[str]) -> list[str]:
    """Return the command that starts a program of Go with one thread for its goroutines, on the server's core.

    From its first instruction: its runtime starts threads before a caller could pin them, and a program may set
    ``GOMAXPROCS`` itself to the number of cores that it found it may use.
    """
    cores = ",".join(map(str, sorted(SERVER_CORE)))
    return ["taskset", "--cpu-list", cores, "env", "GOMAXPROCS=1", *command]
