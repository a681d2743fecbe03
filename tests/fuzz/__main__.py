"""Fuzz what reads bytes of anybody: ``python -m tests.fuzz [TARGET …] [options of libFuzzer]``.

Without targets all are fuzzed, one after the other; without ``-runs=`` a million times each. What is found by the way
goes into ``.fuzz/`` (``--into=`` another folder), whose inputs the next run begins with, beside those of ``corpus/``.
An input that breaks something is left there too.
"""

import subprocess
import sys
from pathlib import Path

NAMES = ("frames", "requests", "tokens", "heads")
RUNS = "-runs=1000000"
LENGTH = "-max_len=4096"
"""Bytes of an input: enough for several frames, whose lengths may lie about more."""

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
FOUND = ".fuzz"


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one target in this process, which ends by it."""
    # Imported here: it does not exist for every platform, and has to be there before what it looks into.
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["handlers", "services", "ws", "tornado.httputil"]):
        from tests.fuzz.targets import TARGETS

    places = [option.removeprefix("--into=") for option in options if option.startswith("--into=")]
    options = [option for option in options if not option.startswith("--into=")]
    found = ROOT / (*places, FOUND)[0] / name
    found.mkdir(parents=True, exist_ok=True)
    runs = [] if any(option.startswith("-runs=") for option in options) else [RUNS]
    folders = [str(found), str(CORPUS / name)]
    atheris.Setup([sys.argv[0], LENGTH, f"-artifact_prefix={found}-", *runs, *options, *folders], TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    """Fuzz one target here, or several in a process each; return how it ended."""
    asked = sys.argv[1:]
    names = [name for name in asked if name in NAMES] or list(NAMES)
    options = [option for option in asked if option not in NAMES]
    if len(names) == 1:
        fuzz(names[0], options)
    codes = [
        subprocess.run([sys.executable, "-m", "tests.fuzz", name, *options], cwd=ROOT, check=False).returncode
        for name in names
        if len(names) > 1
    ]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())
