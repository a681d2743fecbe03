"""The load balancer as it is shipped, in front of nodes of ours."""

import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Sequence

from tests.parts import Missing, Part
from tests.processes import ROOT


class Balancer(Part):
    """HAProxy with the configuration in ``deploy/`` and a certificate of its own."""

    scheme = "https"

    def __init__(self, ports: Sequence[int]) -> None:
        program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/sbin")
        if program is None or shutil.which("openssl") is None:
            raise Missing("no load balancer: haproxy or openssl is not installed")
        super().__init__()
        self._program = program
        self._nodes = [f"NODE_{number}=127.0.0.1:{port}" for number, port in enumerate(ports, 1)]
        self.certificate = self.directory / "made" / "certificate.pem"

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        script = ROOT / "deploy" / "certificate.sh"
        subprocess.run([script, self.certificate, "localhost", "127.0.0.1"], check=True)
        place = [f"LISTEN=127.0.0.1:{self.port}", f"CERTIFICATE={self.certificate}"]
        return ["env", *place, *self._nodes, self._program, "-db", "-f", str(ROOT / "deploy" / "haproxy.cfg")]

    def ready(self) -> bool:
        """Tell whether it listens."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    @property
    def tls(self) -> ssl.SSLContext:
        """What clients need to trust it."""
        return ssl.create_default_context(cafile=str(self.certificate))
