"""``make turn``: a coturn of this machine, and the file that tells Parley of it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.calls.media import load_media
from tests.conftest import missing
from tests.parts import Missing, free_port
from tests.processes import ROOT
from tests.stun import Refused, TurnClient, rest_password
from tests.turn_part import own_address, turn_program


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Path]:
    """Run the tool; give the file for ``--calls`` that it has told of."""
    try:
        turn_program()
    except Missing as error:
        missing(str(error))
    command = [sys.executable, "tools/turn.py", "--data-dir", str(folder), "--port", str(free_port()), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        told = Path()
        try:
            for line in process.stdout:
                if found := re.search(r"--calls (\S+)", line):
                    told = Path(found[1])
                if "Total auth threads" in line or "IO method (admin thread)" in line:
                    break
            else:
                pytest.fail("it has ended")
            yield told
        finally:
            process.kill()
            process.stdout.read()


def client(calls: Path) -> TurnClient:
    turn = json.loads(calls.read_text())["turn"]
    port = int(re.findall(r":(\d+)\?", turn["urls"][0])[0])
    return TurnClient((own_address(), port), *rest_password(turn["secret"], "u_1:c_1"))


def test_it_tells_a_file_with_which_relays_begin_and_stay_closed(tmp_path: Path) -> None:
    with started(tmp_path / "turn") as calls:
        assert load_media(calls).turn is not None
        assert {path.stat().st_mode & 0o077 for path in (calls, calls.with_name("turnserver.conf"))} == {0}
        with client(calls) as found:
            found.allocate()
            with pytest.raises(Refused):
                found.permit(own_address())


def test_it_opens_its_own_address_when_told_to_and_keeps_its_secret(tmp_path: Path) -> None:
    with started(tmp_path / "turn") as calls:
        secret = load_media(calls).turn
    with started(tmp_path / "turn", "--open") as calls, client(calls) as found:
        again = load_media(calls).turn
        assert secret is not None
        assert again is not None
        assert again.secret == secret.secret
        found.allocate()
        found.permit(own_address())
        with pytest.raises(Refused):
            found.permit("10.0.0.1")
