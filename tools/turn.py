"""Start a coturn on this machine with the file that is shipped and a secret of its own, until Ctrl-C.

    tools/turn.py [--address ADDRESS] [--port 3478] [--data-dir data/turn] [--open]

It prints the file for ``--calls`` that matches. Secret and file are made once and kept in the directory.
"""

import argparse
import ipaddress
import json
import os
import secrets
import shutil
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "deploy" / "turnserver.conf"


def own_address() -> str:
    """Return the address that this machine has towards others; loopback where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of documents: nothing is sent, only a way is looked for
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def private(path: Path, text: str) -> None:
    """Write a file that nobody else may read."""
    path.touch(0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")


def kept_secret(path: Path) -> str:
    """Return the secret of a file, which is made where it is missing."""
    if not path.exists():
        private(path, secrets.token_hex(32))
    return path.read_text(encoding="utf-8").strip()


def configuration(secret: str, address: str, port: int, folder: Path, *, open_: bool) -> str:
    """Return the shipped file with what is of this machine behind it."""
    own = [f"static-auth-secret={secret}", "realm=parley", f"listening-ip={address}", f"relay-ip={address}"]
    own += [f"listening-port={port}", "no-tls", "no-dtls", f"pidfile={folder / 'pid'}", f"userdb={folder / 'db'}"]
    if open_:
        own += [f"allowed-peer-ip={address}", *["allow-loopback-peers"] * ipaddress.ip_address(address).is_loopback]
    return "\n".join((SHIPPED.read_text(encoding="utf-8"), "# Of this machine:", *own, ""))


def main() -> None:
    """Read the command line and become coturn."""
    parser = argparse.ArgumentParser(prog="tools/turn.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--address", default=own_address(), help="of this machine, as devices reach it")
    parser.add_argument("--port", type=int, default=3478, help="default: 3478")
    parser.add_argument("--data-dir", type=Path, default=Path("data/turn"), help="default: data/turn")
    opens = "let relays reach --address itself, and so each other: needed where it is a private one"
    parser.add_argument("--open", action="store_true", help=opens)
    given = parser.parse_args()
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # noqa: TID251  a tool speaks to its shell
    program = shutil.which("turnserver", path=path)
    if program is None:
        sys.exit("turn: coturn is not installed; Debian, Ubuntu: sudo apt-get install coturn")
    folder = given.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = kept_secret(folder / "secret")
    private(folder / "turnserver.conf", configuration(secret, given.address, given.port, folder, open_=given.open))
    host = f"[{given.address}]" if ":" in given.address else given.address
    urls = [f"turn:{host}:{given.port}?transport={transport}" for transport in ("udp", "tcp")]
    calls = {"stun": [f"stun:{host}:{given.port}"], "turn": {"urls": urls, "secret": secret}}
    private(folder / "calls.json", json.dumps(calls, indent=2) + "\n")
    print(f"turn: coturn on {host}:{given.port}; start Parley with: --calls {folder / 'calls.json'}", flush=True)
    if not given.open and not ipaddress.ip_address(given.address).is_global:
        print("turn: relays do not reach each other at a private address; --open lets them, for trying", flush=True)
    os.execv(program, [program, "-c", str(folder / "turnserver.conf")])  # noqa: S606 - a program by its path


if __name__ == "__main__":
    main()
