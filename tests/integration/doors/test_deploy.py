"""What is shipped to deploy with: it names settings that exist, addresses that agree, and programs that start."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
import yaml  # type: ignore[import-untyped]  # comes with the validator of OpenAPI documents

from services.jobs.meters import Meters
from services.metrics import Metrics
from settings import OPTIONS, PREFIX, Settings
from tests.client.site import Site
from tests.conftest import missing
from tests.conftest import running as part
from tests.parts import Redis
from tests.people import Person
from tests.processes import ROOT, ServerProcess, all_running, environment
from ws.drain import EXIT_S

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "parley.service"
KNOWN = {option.variable for option in OPTIONS}

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
NODES = {name: service for name, service in SERVICES.items() if name.startswith("node-")}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
HAPROXY = (DEPLOY / "haproxy.cfg").read_text()


def address(service: dict[str, Any]) -> str:
    """Return the address of a service inside."""
    return str(service["networks"]["inside"]["ipv4_address"])


# compose.yaml


@pytest.mark.parametrize("name", NODES)
def test_nodes_are_given_settings_that_exist(name: str) -> None:
    given = NODES[name]["environment"]
    settings = Settings.read([], given)
    assert set(given) <= KNOWN
    assert settings.node == name
    assert settings.mongo_url is not None
    assert settings.redis_url is not None
    for host in re.split("[,:]", f"{urlsplit(settings.mongo_url).netloc},{urlsplit(settings.redis_url).hostname}"):
        assert host in SERVICES
    networks = {str(network) for network in settings.trusted_proxies}
    assert networks == {f"{address(SERVICES['balancer'])}/32"}, "the load balancer, and nobody else"


def test_balancer_knows_all_nodes_and_is_given_what_it_reads() -> None:
    given = SERVICES["balancer"]["environment"]
    assert set(given) == set(re.findall(r'"\$\{([A-Z0-9_]+)', HAPROXY))
    (port,) = re.findall(r"^EXPOSE ([0-9]+)$", DOCKERFILE, re.MULTILINE)
    assert int(port) == Settings().port
    nodes = [value for name, value in given.items() if name.startswith("NODE_")]
    assert nodes == [f"{address(node)}:{port}" for node in NODES.values()]
    (published,) = SERVICES["balancer"]["ports"]
    assert published.rpartition(":")[2] == given["LISTEN"].strip(":")


def test_addresses_are_in_the_network_and_not_given_to_others() -> None:
    (pool,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    fixed = [ip_address(address(service)) for service in (SERVICES["balancer"], *NODES.values())]
    assert len(set(fixed)) == len(fixed)
    for one in fixed:
        assert one in ip_network(pool["subnet"])
        assert one not in ip_network(pool["ip_range"])


@pytest.mark.parametrize("name", SERVICES)
def test_everything_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    built = "build" in service
    assert built or service["user"].split(":")[0].isdigit()
    assert "/" not in service["image"], "an official image, by its own name"
    assert built or ":" in service["image"], "of a known release"
    assert "ports" not in service or name == "balancer", "nobody else is reached from outside"
    if "networks" in service:
        assert "outside" not in service["networks"] or name == "balancer"


def test_nodes_are_given_the_time_to_drain() -> None:
    for node in NODES.values():
        assert int(node["stop_grace_period"].rstrip("s")) > EXIT_S
    assert int(_unit("Service", "TimeoutStopSec")[0]) > EXIT_S


def test_what_is_mounted_and_what_is_depended_on_is_there() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists()
        if "build" in service:
            context = DEPLOY / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")


# Dockerfile


def test_image_has_the_whole_program_and_nothing_else() -> None:
    lines = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = {source for line in lines for source in line.split()}
    assert copied == {
        *("server.py", "settings.py", "handlers", "services", "static", "store", "ws"),
        *("requirements.txt", "deploy/certificate.sh", "docs/protocol.md"),
    }
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed


def test_what_is_in_the_image_is_enough(tmp_path: Path) -> None:
    for source in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for name in source.split():
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "-B", "server.py", "--port", "0", "--data-dir", "kept"]
    # A copy is not what coverage is measured of.
    unmeasured = {name: value for name, value in environment().items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(command, cwd=tmp_path, env=unmeasured, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{address}/", timeout=10) as page:
            assert b"<title>" in page.read()
        process.terminate()
        assert process.wait(15) == 0


def test_image_does_not_run_as_root_and_is_given_settings_that_exist() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"
    given = dict(re.findall(rf"({PREFIX}[A-Z_]+)=(\S+)", DOCKERFILE))
    Settings.read([], given)
    assert set(given) <= KNOWN
    assert "127.0.0.1:8080/health/live" in DOCKERFILE


# systemd


def _unit(section: str, key: str) -> list[str]:
    """Return the values of a key of the unit."""
    values: list[str] = []

    class Lines(dict[str, Any]):
        """Keys that stand more than once keep all of their values."""

        def __setitem__(self, name: str, value: Any) -> None:
            if name == key and isinstance(value, list):
                values.extend(value)
            super().__setitem__(name, value)

    parser = configparser.RawConfigParser(dict_type=Lines, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # as its documentation says
    parser.read_string(UNIT.read_text())
    assert parser.has_section(section)
    return [value for value in values if value]


def test_unit_starts_the_server_with_options_that_exist() -> None:
    (command,) = _unit("Service", "ExecStart")
    program, *words = shlex.split(command.replace("${STATE_DIRECTORY}", "state"))
    assert program.endswith("/.venv/bin/python")
    assert words[:2] == ["-B", "server.py"]
    assert Settings.read(words[2:], {}).data_dir == Path("state")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_unit_is_understood_and_confined(tmp_path: Path) -> None:
    text = UNIT.read_text().replace("/opt/parley/.venv/bin/python", sys.executable)
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace("WorkingDirectory=/opt/parley", f"WorkingDirectory={ROOT}"))
    verified = _run("systemd-analyze", "verify", copy)
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = _run("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", copy)
    assert judged.returncode == 0, judged.stdout[-200:]


# What starts


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=30, check=False)


def test_configuration_of_the_balancer_is_understood(tmp_path: Path) -> None:
    program = shutil.which("haproxy", path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin")
    if program is None:
        missing("haproxy is not installed")
    certificate = tmp_path / "certificate.pem"
    make = (DEPLOY / "certificate.sh", certificate, "localhost", "127.0.0.1")
    assert _run(*make).returncode == 0
    assert certificate.stat().st_mode & 0o777 == 0o600
    made = certificate.read_text()
    assert _run(*make).returncode == 0
    assert certificate.read_text() == made, "made once"
    checked = _run("env", f"CERTIFICATE={certificate}", program, "-c", "-f", DEPLOY / "haproxy.cfg")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_redis_permits_what_is_written_that_nodes_need() -> None:
    page = (ROOT / "docs" / "decisions" / "0004-broker.md").read_text()
    alone = page[page.index("A user for Parley") : page.index("behind sentinels")]
    needed = {word for word in alone.split() if word.startswith(("+", "~", "&"))}
    given = shlex.split(SERVICES["redis"]["command"])
    assert needed == {word for word in given if word.startswith(("+", "~", "&"))}


class ShippedRedis(Redis):
    """A Redis as compose.yaml starts it."""

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        own = shlex.split(SERVICES["redis"]["command"])[1:]
        return [*super().command()[:5], "--dir", str(self.directory), *own]

    @property
    def url(self) -> str:
        """What compose.yaml gives to nodes."""
        given = str(NODES["node-1"]["environment"]["PARLEY_REDIS_URL"])
        return given.replace("@redis:6379", f"@127.0.0.1:{self.port}")

    def ready(self) -> bool:
        """See ``Part.ready``."""
        given = urlsplit(self.url)
        try:
            with redis.Redis(port=self.port, username=given.username, password=given.password) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@pytest.fixture
def shipped_redis() -> Iterator[ShippedRedis]:
    """It runs."""
    yield from part(ShippedRedis)


@pytest.mark.redis
async def test_nodes_are_content_with_the_redis_that_is_shipped(tmp_path: Path, shipped_redis: ShippedRedis) -> None:
    nodes = [ServerProcess(tmp_path / "data", "--redis-url", shipped_redis.url) for _ in range(2)]
    async with all_running(nodes), Site(nodes[0].address) as here, Site(nodes[1].address) as there:
        ann = await Person.register(here, "ann")
        room = await ann.create()
        live = await Person(there, await there.log_in(ann.account)).connect()
        await ann.say(room, "across")
        while (await live.next("message"))["d"].get("text") != "across":
            continue
        assert not [line for line in (*nodes[0].log, *nodes[1].log) if "permission" in line.lower()]


# The page for operators


def test_operators_are_told_of_meters_and_options_that_exist() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    registry = Metrics().registry
    Meters(registry)
    samples = {family.name for family in registry.collect()}
    told = {name.removesuffix("_total") for name in re.findall(r"`(parley_\w+)", page)}
    assert told <= samples
    flags = set(re.findall(r"`(--[a-z]+(?:-[a-z]+)*)", page)) - {"--save"}  # Redis has that one
    assert flags <= {option.flag for option in OPTIONS}
    for target in re.findall(r"\]\(([^)#]+)", page):
        assert (ROOT / "docs" / target).exists(), target
