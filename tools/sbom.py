"""Write the bill of materials: every package that the server runs with, and every vendored file, as CycloneDX 1.6.

    python tools/sbom.py FILE

It is made from what is locked, so it says the same on every machine and needs no package of its own.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.vendor import PACKAGES  # noqa: E402 - found by the line above, wherever this is started

_PIN = re.compile(r"^([a-z0-9-]+)==(\S+?)(?: ;[^\\\n]*)? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)


def locked() -> Iterator[dict[str, Any]]:
    """Give the packages of the lock, with the hash of each file that may be installed."""
    for name, version, hashes in _PIN.findall((ROOT / "requirements.txt").read_text(encoding="utf-8")):
        yield {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": one} for one in re.findall(r"sha256:([0-9a-f]{64})", hashes)],
        }


def vendored() -> Iterator[dict[str, Any]]:
    """Give the packages whose files the page has."""
    for package in PACKAGES:
        if package.target.startswith("static/"):
            purl = f"pkg:npm/{package.name.replace('@', '%40')}@{package.version}"
            named = {"name": package.name, "version": package.version}
            yield {"type": "library", "bom-ref": purl, **named, "purl": purl}


def bill() -> dict[str, Any]:
    """Return the whole of it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": project["name"], "version": project["version"]},
        },
        "components": sorted([*locked(), *vendored()], key=lambda component: str(component["bom-ref"])),
    }


def main() -> int:
    """Write it to the file that is named."""
    (name,) = sys.argv[1:]
    Path(name).write_text(json.dumps(bill(), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
