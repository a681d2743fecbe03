"""Environments of the peers' own: made on demand from pinned versions, apart from everything that Parley needs."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.parts import ROOT
from benchmarks.peers.peer import Missing

PEERS = ROOT / "benchmarks" / "peers"
INSTALLED = ROOT / ".peers"
"""Where everything of the peers is installed; git does not see it, and it may be deleted at any time."""

INSTALLED_WITHIN_S = 600
"""A first time with everything to download and something to compile."""


def call(command: Sequence[str], where: Path) -> None:
    """Run one step of an installation.

    Raises:
        Missing: If it fails. What it said goes to the terminal alone, for it may name places of this machine.
    """
    step = " ".join([Path(command[0]).name, *command[1:3]])
    try:
        done = subprocess.run(command, cwd=where, capture_output=True, timeout=INSTALLED_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        raise Missing(f"`{step}` did not run to its end") from None
    if done.returncode:
        print((done.stdout + done.stderr).decode(errors="replace").strip(), file=sys.stderr)
        raise Missing(f"`{step}` failed")


def is_installed(place: Path, pins: Path) -> bool:
    """Tell whether what stands in ``pins`` is installed in ``place``, word for word."""
    stamp = place / "installed"
    return stamp.exists() and stamp.read_bytes() == pins.read_bytes()


def note_installed(place: Path, pins: Path) -> None:
    """Note that it is."""
    shutil.copyfile(pins, place / "installed")


def python_of(folder: str) -> Path:
    """Return the Python of an environment with what ``folder``'s requirements pin, made now if need be.

    Raises:
        Missing: If it cannot be made.
    """
    place, pins = INSTALLED / folder, PEERS / folder / "requirements.txt"
    python = place / "bin" / "python"
    if not is_installed(place, pins):
        call([sys.executable, "-m", "venv", "--clear", str(place)], ROOT)
        quiet = ("--disable-pip-version-check", "--no-input", "--quiet")
        call([str(python), "-m", "pip", "install", *quiet, "--require-hashes", "--requirement", str(pins)], ROOT)
        note_installed(place, pins)
    return python


def node_folder(folder: str) -> Path:
    """Return a folder with what ``folder``'s package-lock.json pins in its ``node_modules``, and its ``server.js``.

    Raises:
        Missing: If there is no Node, or the packages cannot be had.
    """
    if not (shutil.which("node") and (npm := shutil.which("npm"))):
        raise Missing("there is no Node with npm")
    place, source = INSTALLED / folder, PEERS / folder
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.js"):
        shutil.copyfile(source / name, place / name)
    if not is_installed(place, source / "package-lock.json"):
        call([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], place)
        note_installed(place, source / "package-lock.json")
    return place


def pinned(pins: Path, *names: str) -> str:
    """Return ``name version`` of these packages of a requirements file, in one line."""
    lines = (line.split()[0].partition("==") for line in pins.read_text().splitlines() if "==" in line)
    versions = {name: version for name, _, version in lines}
    return ", ".join(f"{name} {versions[name]}" for name in names)
