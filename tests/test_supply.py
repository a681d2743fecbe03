"""What the program is made of: no release with a known flaw, nothing unnamed, no scripts of strangers, no secrets."""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

ROOT = Path(__file__).parents[1]
FLOORS: dict[str, Any] = tomllib.loads((ROOT / "tools" / "floors.toml").read_text())
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, Version]:
    found = re.findall(r"^([a-z0-9-]+)==([^ \\;]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {name: Version(version) for name, version in found}


# Releases


@pytest.mark.parametrize("name", FLOORS["packages"])
def test_no_package_is_below_its_floor(name: str) -> None:
    floor = Version(FLOORS["packages"][name][0])
    assert pins("requirements.txt")[name] >= floor
    assert pins("requirements-dev.txt")[name] >= floor
    assert Version(importlib.metadata.version(name)) >= floor
    (declared,) = [one for one in PROJECT["project"]["dependencies"] if re.match(rf"{name}\b", one)]
    assert Version(re.findall(r">=([0-9.]+)", declared)[0]) >= floor, "an install without the lock could be below it"


def test_python_is_not_below_its_floor() -> None:
    assert PROJECT["project"]["requires-python"] == f">={FLOORS['python']['lowest']}"
    assert sys.version_info[:2] >= tuple(map(int, FLOORS["python"]["lowest"].split(".")))


@pytest.mark.parametrize("name", FLOORS["servers"])
def test_shipped_servers_follow_a_series_that_is_safe(name: str) -> None:
    (image,) = set(re.findall(rf"image: {name}:(\S+)", (ROOT / "deploy" / "compose.yaml").read_text()))
    assert image in {floor.rpartition(".")[0] for floor in FLOORS["servers"][name][0]}


def test_every_locked_file_is_known_by_its_hash() -> None:
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text()
        for entry in re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "--require-hashes" in (ROOT / "tools" / "bootstrap.sh").read_text()
    assert "--require-hashes" in (ROOT / "deploy" / "Dockerfile").read_text()


# The bill of materials


def test_bill_names_everything_that_runs(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "sbom.py", tmp_path / "sbom.json"], check=True, cwd=tmp_path)
    bill = json.loads((tmp_path / "sbom.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["version"] == PROJECT["project"]["version"]
    python = {one["name"]: Version(one["version"]) for one in bill["components"] if one["purl"].startswith("pkg:pypi/")}
    assert python == pins("requirements.txt")
    page = {one["name"] for one in bill["components"] if one["purl"].startswith("pkg:npm/")}
    assert len(page) == len([folder for folder in (ROOT / "static" / "vendor").iterdir() if folder.is_dir()])
    for one in bill["components"]:
        assert one["bom-ref"] == one["purl"]
        assert one["hashes"] or one["name"] in page if "hashes" in one else one["name"] in page
        assert all(re.fullmatch("[0-9a-f]{64}", each["content"]) for each in one.get("hashes", ()))


def test_bill_is_made_with_every_change() -> None:
    assert "tools/sbom.py" in (ROOT / ".ci" / "run").read_text()


# Scripts of strangers


def test_packages_of_the_page_run_no_scripts_when_they_are_installed() -> None:
    told = list((ROOT / "tools").glob("*.sh")) + list((ROOT / "benchmarks" / "peers").glob("*.py"))
    for path in told:
        for command in re.findall(r"npm\"?,? *\"?(?:ci|install)[^\n]*(?:\n[^\n]*)?", path.read_text()):
            assert "--ignore-scripts" in command or "--package-lock-only" in command, (path.name, command)


def test_packages_of_the_page_are_locked_by_their_hashes() -> None:
    locks = [*(ROOT / "tools").glob("*/package-lock.json"), *(ROOT / "benchmarks").glob("peers/*/package-lock.json")]
    assert locks
    for lock in locks:
        for name, package in json.loads(lock.read_text())["packages"].items():
            assert not name or package["integrity"].startswith("sha512-"), (lock.parent.name, name)


# Rules about code


def test_all_rules_of_security_hold_in_the_product() -> None:
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S") and rule[1:].isdigit()] == ["S101"]
    for paths, rules in lint["per-file-ignores"].items():
        if not paths.startswith(("tests", "benchmarks", "tools")):
            assert set(rules) & {"S"} == set(), paths
    for path in [ROOT / "server.py", ROOT / "settings.py", *product()]:
        for line in path.read_text().splitlines():
            if re.search(r"noqa: [A-Z0-9, ]*\bS[0-9]{3}\b", line):
                assert re.search(r"noqa: [A-Z0-9, ]+ +\S", line), f"{path.name}: say why: {line.strip()}"


@pytest.mark.parametrize(
    "banned", [r"\bpickle\b", r"\bmarshal\b", r"\bshelve\b", r"\byaml\b", r"(?<![.\w])eval\(", r"(?<![.\w])exec\("]
)
def test_nothing_that_is_read_becomes_a_program(banned: str) -> None:
    for path in product():
        code = re.sub(r'"""(?:[^"]|"(?!""))*+"""|#[^\n]*', "", path.read_text())
        assert not re.search(banned, code), path


def product() -> list[Path]:
    return [path for package in ("handlers", "services", "store", "ws") for path in (ROOT / package).rglob("*.py")]


# Secrets

SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a secret of Google": r"\bGOCSPX-[0-9A-Za-z_-]{20,}",
    "a token of GitHub": r"\bgh[pousr]_[0-9A-Za-z]{36}\b",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a token of ours": r"\bparley_[0-9a-f]{16}[A-Za-z0-9_-]{43}[0-9a-f]{8}\b",
    "an access token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "a password in an address": r"\b(?:mongodb(?:\+srv)?|rediss?|smtps?|https?)://[^\s:/@\"'<>{}*]+:[^\s:/@\"'<>{}*$]{12,}@",
    "a secret that is assigned": r"(?i)\b(?:secret|password|key|token)\b\s*[:=]\s*[\"'][A-Za-z0-9+/_=-]{32,}[\"']",
}
SKIPPED = {"vendor", "data", "corpus"}
"""Folders of what others made, and of what was made up to be read wrongly."""
MADE_UP = {"tests/unit/store/mongo/test_mongo_backup.py"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a checkout: what is kept is not known")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name and name not in MADE_UP]
    kept = [path for path in paths if path.is_file() and not SKIPPED & set(path.relative_to(ROOT).parts)]
    return [path for path in kept if path != Path(__file__)]


@pytest.mark.parametrize("what", SECRETS)
def test_no_secret_is_kept_with_the_code(what: str) -> None:
    found = {}
    for path in tracked():
        match = re.search(SECRETS[what], path.read_text(encoding="utf-8", errors="replace"))
        if match is not None:
            found[str(path.relative_to(ROOT))] = match[0][:20]
    assert found == {}


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a private key", "-----BEGIN " + "EC PRIVATE KEY-----"),
        ("a key of AWS", "AKIA" + "Q" * 16),
        ("a secret of Google", "GOCSPX-" + "a" * 28),
        ("an access token", "eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + "." + "c" * 43),
        ("a password in an address", "mongodb://ann:" + "x" * 16 + "@db.example/"),
        ("a secret that is assigned", "SECRET = '" + "f" * 40 + "'"),
    ],
)
def test_secret_would_be_found(what: str, text: str) -> None:
    assert re.search(SECRETS[what], text)
