"""Fetch the vendored files anew: pinned packages of the npm registry, checked, and of each only what is used.

    python tools/vendor.py

The files are committed; nobody needs this to run or to test. It is how they came here, and how to take a newer release:
change the version and the sum (``npm view <package>@<version> dist.integrity``), run it, look at what changed.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INNER = "package/"
"""The folder that every package of the registry has its files in."""


@dataclass(frozen=True)
class Package:
    """A package, and which of its files go where."""

    name: str
    version: str
    sha512: str
    """Of the whole archive, in base 64, as the registry publishes it."""
    target: str
    """The folder for its files."""
    files: tuple[str, ...]


PACKAGES = (
    Package(
        name="@fontsource-variable/inter",
        version="5.3.0",
        sha512="OupL48va4JNofb97w6NYeF9S7W/kHNKM0Er8Dem5nqi4jeOLrVJDoE8tZEpnMJmtkvNbB1EIPPwHcdkF6b1oUA==",
        target="static/vendor/inter",
        files=("files/inter-latin-wght-normal.woff2", "files/inter-latin-ext-wght-normal.woff2", "LICENSE"),
    ),
    Package(
        name="axe-core",
        version="4.14.1",
        sha512="FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        target="tests/browser/vendor/axe-core",
        files=("axe.min.js", "LICENSE"),
    ),
    Package(
        name="swagger-ui-dist",
        version="5.35.0",
        sha512="U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        target="static/vendor/swagger-ui",
        files=("swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE", "NOTICE"),
    ),
    Package(
        name="redoc",
        version="3.0.1",
        sha512="KDfoKaYW19LCl4YStgBnwlaNjYEFfs5zCNt1s1WZ2YM5u8d26Yuzd2l43fZO851ZsgIMe/D640fDJkD8eaRQKQ==",
        target="static/vendor/redoc",
        files=("bundles/redoc.standalone.js", "LICENSE"),
    ),
    Package(
        name="@asyncapi/specs",
        version="6.11.1",
        sha512="A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ==",
        target="tests/documents/vendor/asyncapi",
        files=("schemas/3.0.0-without-$id.json", "LICENSE", "NOTICE"),
    ),
)


def fetch(package: Package, directory: Path) -> Path:
    """Return the package's archive, fetched with npm.

    Raises:
        ValueError: If it is not the one that was pinned.
    """
    spec = f"{package.name}@{package.version}"
    command = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(directory), spec]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=directory)
    archive = directory / said.stdout.split()[-1]
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise ValueError(f"{spec}: the archive's sum is {found}")
    return archive


def unpack(package: Package, archive: Path) -> None:
    """Put the wanted files into their folder."""
    target = ROOT / package.target
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as packed:
        for name in package.files:
            content = packed.extractfile(INNER + name)
            if content is None:
                raise ValueError(f"{package.name}: {name} is no file")
            (target / Path(name).name).write_bytes(content.read())


def main() -> int:
    """Fetch every package; return the exit status."""
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as directory:
            unpack(package, fetch(package, Path(directory)))
        print(f"{package.name} {package.version}: {package.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
