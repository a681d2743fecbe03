"""More of Redis: with certificates, behind sentinels, as a cluster."""

import contextlib
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import redis

from tests.parts import POLL_SECONDS, START_SECONDS, Missing, Redis, free_port

DECISION = Path(__file__).parents[1] / "docs" / "decisions" / "0004-broker.md"


class Certificates:
    """An authority of the test's own, and a certificate of it for this machine."""

    def __init__(self, directory: Path) -> None:
        if shutil.which("openssl") is None:
            raise Missing("no openssl to make certificates with")
        self.authority = directory / "ca.pem"
        self.certificate = directory / "cert.pem"
        self.key = directory / "key.pem"
        authority_key, request, extension = directory / "ca.key", directory / "request", directory / "extension"
        extension.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self._run("req", "-x509", *new, "-keyout", authority_key, "-out", self.authority, "-subj", "/CN=test authority")
        self._run("req", *new, "-keyout", self.key, "-out", request, "-subj", "/CN=localhost")
        signed = ["-CA", self.authority, "-CAkey", authority_key, "-CAcreateserial", "-extfile", extension]
        self._run("x509", "-req", "-in", request, *signed, "-days", "2", "-out", self.certificate)

    @staticmethod
    def _run(*words: object) -> None:
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=20)


class TlsRedis(Redis):
    """A Redis that is reached by TLS alone, and asks for its clients' certificates where it is told so."""

    scheme = "rediss"

    def __init__(self, *, clients: bool = False) -> None:
        super().__init__()
        self.certificates = Certificates(self.directory)
        self._clients = clients

    @property
    def url(self) -> str:
        """What clients are given: the authority is trusted, and they show a certificate where one is asked for."""
        made = self.certificates
        own = f"&ssl_certfile={made.certificate}&ssl_keyfile={made.key}" if self._clients else ""
        return f"{super().url}?ssl_ca_certs={made.authority}{own}"

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        made = self.certificates
        files = ["--tls-ca-cert-file", made.authority, "--tls-cert-file", made.certificate, "--tls-key-file", made.key]
        port = ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "yes" if self._clients else "no"]
        return [*super().command(), *port, *map(str, files)]

    def ready(self) -> bool:
        """See ``Part.ready``."""
        made = self.certificates
        shown: dict[str, Any] = (
            {"ssl_certfile": str(made.certificate), "ssl_keyfile": str(made.key)} if self._clients else {}
        )
        try:
            with redis.Redis(port=self.port, ssl=True, ssl_ca_certs=str(made.authority), **shown) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def ask(part: Redis, *command: object) -> Any:
    """Run a command as an operator would."""
    with redis.Redis(port=part.port, socket_timeout=5, decode_responses=True) as client:
        return client.execute_command(*command)


def permissions(user: str, *, cluster: bool = False, sentinels: bool = False) -> list[str]:
    """Return the rules that operators are told to give to a user."""
    lines = re.findall(r"^    ACL SETUSER (\w+) (.+)$", DECISION.read_text(), re.MULTILINE)
    assert len(lines) == 5
    besides = {"+cluster": cluster, "+role": sentinels}
    return [
        rules
        for name, rules in lines
        if name == user and all(wanted for word, wanted in besides.items() if word in rules)
    ]


def documented(part: Redis, user: str, password: str, *, cluster: bool = False) -> None:
    """Make the user that operators are told to make."""
    for rules in permissions(user, cluster=cluster):
        ask(part, "ACL", "SETUSER", user, *rules.replace("PASSWORD", password).split())


def wait_for(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds of servers; while they do not answer it does not."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(redis.RedisError):
            if holds():
                return
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"not in {START_SECONDS} s: {what}")


class Sentinel(Redis):
    """A process that watches over others, and names the one that leads."""

    def __init__(self) -> None:
        super().__init__()
        self._config = self.directory / "sentinel.conf"
        self._id = secrets.token_hex(20)

    def configure(self, servers: Sequence[Redis], sentinels: Sequence["Sentinel"], password: str) -> None:
        """Tell it of all there are; of itself it would learn that within ten seconds or so."""
        name = SentinelSet.service
        leader, *followers = servers
        lines = [
            f"sentinel myid {self._id}",
            f"sentinel monitor {name} 127.0.0.1 {leader.port} 2",
            f"sentinel down-after-milliseconds {name} 500",
            f"sentinel failover-timeout {name} 2000",
            f"sentinel auth-pass {name} {password}",
            *(f"sentinel known-replica {name} 127.0.0.1 {each.port}" for each in followers),
            *(f"sentinel known-sentinel {name} 127.0.0.1 {each.port} {each._id}" for each in sentinels if each != self),
        ]
        self._config.write_text("\n".join(lines) + "\n")

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        program, *place = super().command()
        return [program, str(self._config), "--sentinel", *place[: place.index("--save")]]


class Guarded(Redis):
    """A Redis with a password."""

    def __init__(self, password: str) -> None:
        super().__init__()
        self._password = password

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        # A follower is served at once, not after five seconds in which others may come.
        words = ["--requirepass", self._password, "--masterauth", self._password, "--repl-diskless-sync-delay", "0"]
        return [*super().command(), *words]

    def ready(self) -> bool:
        """See ``Part.ready``."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """Return a client of this very server."""
        return redis.Redis(port=self.port, password=self._password, socket_timeout=2, decode_responses=True)


class SentinelSet:
    """Two servers, one of which leads, and three sentinels."""

    service = "chat"
    password = "of-the-servers"  # pragma: allowlist secret

    def __init__(self) -> None:
        self.servers = [Guarded(self.password), Guarded(self.password)]
        self.sentinels = [Sentinel() for _ in range(3)]

    @property
    def url(self) -> str:
        """What clients are given."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://:{self.password}@{hosts}/{self.service}"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for server in self.servers:
                stack.enter_context(server)
            with self.servers[1].client() as client:
                client.execute_command("REPLICAOF", "127.0.0.1", self.servers[0].port)
                wait_for(lambda: client.info("replication")["master_link_status"] == "up", "the second follows")
            for sentinel in self.sentinels:
                sentinel.configure(self.servers, self.sentinels, self.password)
                stack.enter_context(sentinel)
            wait_for(lambda: all(map(self._knows_all, self.sentinels)), "the sentinels know each other and the servers")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def leader(self) -> Guarded:
        """Return the server that most sentinels name."""
        named = [int(ask(each, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)[1]) for each in self.sentinels]
        port = max(named, key=named.count)
        return next(server for server in self.servers if server.port == port)

    def fail_over(self) -> None:
        """Have the sentinels make the other server the leader, though this one is well."""
        before = self.leader()
        ask(self.sentinels[0], "SENTINEL", "FAILOVER", self.service)
        wait_for(lambda: self.leader() is not before, "another leads")

    def _knows_all(self, sentinel: Sentinel) -> bool:
        known = ask(sentinel, "SENTINEL", "MASTER", self.service)
        pairs = known if isinstance(known, dict) else dict(zip(known[::2], known[1::2], strict=True))
        return int(pairs["num-other-sentinels"]) == 2 and int(pairs["num-slaves"]) == 1


class ClusterNode(Redis):
    """A server that is told by others what is its own."""

    def __init__(self) -> None:
        super().__init__()
        self.bus = free_port()

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", str(self.bus)]
        return [*super().command(), *cluster, "--repl-diskless-sync-delay", "0"]

    def ready(self) -> bool:
        """Tell whether it answers; whether the cluster is well is another question."""
        try:
            return "cluster_state" in str(ask(self, "CLUSTER", "INFO"))
        except redis.RedisError:
            return False

    @property
    def id(self) -> str:
        """What the cluster calls it."""
        return str(ask(self, "CLUSTER", "MYID"))


class RedisCluster:
    """Three servers that share the slots, and one that follows the first of them."""

    def __init__(self) -> None:
        self.nodes = [ClusterNode() for _ in range(4)]

    @property
    def url(self) -> str:
        """What clients are given: not all of its servers."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port},127.0.0.1:{self.nodes[1].port}"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for node in self.nodes:
                stack.enter_context(node)
            first = self.nodes[0]
            for n, node in enumerate(self.nodes[:3]):
                ask(node, "CLUSTER", "ADDSLOTSRANGE", n * 5461, 16383 if n == 2 else n * 5461 + 5460)
                ask(node, "CLUSTER", "SET-CONFIG-EPOCH", n + 1)
            for node in self.nodes[1:]:
                ask(first, "CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)
            follower, leader = self.nodes[3], first.id
            wait_for(lambda: ask(follower, "CLUSTER", "REPLICATE", leader), "the follower knows whom to follow")
            self.well()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def well(self) -> None:
        """Wait until all servers agree that all is well."""
        for node in self.nodes:
            wait_for(lambda node=node: self._is_well(node), "the cluster is well")  # type: ignore[misc]

    def _is_well(self, node: ClusterNode) -> bool:
        info = str(ask(node, "CLUSTER", "INFO"))
        return "cluster_state:ok" in info and "cluster_known_nodes:4" in info

    def leaders(self) -> list[ClusterNode]:
        """Return the servers that have slots, rather than follow another."""
        return [node for node in self.nodes if ask(node, "ROLE")[0] == "master"]

    def owner(self, slot: int) -> ClusterNode:
        """Return the server whose slot it is."""
        for first, last, leader, *_ in self._slots():
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == leader[1])
        raise AssertionError(f"slot {slot} is nobody's")

    def _slots(self) -> Any:
        for node in self.nodes:
            with contextlib.suppress(redis.RedisError):
                return ask(node, "CLUSTER", "SLOTS")
        raise AssertionError("no server answers")

    def move(self, slot: int, target: ClusterNode) -> None:
        """Give an empty slot to another server."""
        source, id_ = self.owner(slot), target.id
        ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", id_)
        for node in (target, source):
            ask(node, "CLUSTER", "SETSLOT", slot, "NODE", id_)
