"""The rules of the house that no tool checks. Who may import whom is in .importlinter; the rest of style in ruff."""

import ast
import configparser
import functools
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("handlers", "ws", "services", "store")
FILE_LINES = 300
TEST_FILE_LINES = 400
FUNCTION_LINES = 40
FLOOR_LINES = 80

# Names that say nothing of what is inside, so that everything ends up there.
FORBIDDEN_NAMES = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}
# Implementations behind a seam; store/__init__.py alone chooses among them.
IMPLEMENTATION = re.compile(r"(^|_)(sqlite|mongo|memory|redis|smtp|terminal)(_|$)")
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}
# A path of one machine. The pattern does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.:/}*-])/(?:tmp|work|root|farm)/[A-Za-z]")
# An address or an option in a lock, which is for every machine.
ADDRESS_IN_LOCK = re.compile(r"https?://|^\s*-(?:i|f|-[a-z-]*(?:url|find-links|host)\b)|\"resolved\"", re.MULTILINE)
TEXT_SUFFIXES = {".css", ".html", ".ini", ".js", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}


def python_files(*folders: str) -> list[Path]:
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts
    )


PRODUCT = [ROOT / "server.py", ROOT / "settings.py", *python_files(*PACKAGES)]
OTHERS = python_files("benchmarks", "tools")
TESTS = python_files("tests")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def offenders(paths: list[Path], offence: Callable[[Path], object]) -> dict[str, object]:
    """Return what is wrong with each file, by its path; nothing where nothing is."""
    wrong = {str(path.relative_to(ROOT)): offence(path) for path in paths}
    return {path: what for path, what in wrong.items() if what}


def imported(path: Path) -> Iterator[str]:
    """Give the full names of what a file imports, types alone included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function from its ``def``, without its docstring."""
    first = function.body[0]
    is_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def long_functions(path: Path) -> dict[str, int]:
    functions = (n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return {f.name: length(f) for f in functions if length(f) > FUNCTION_LINES}


def environment_reads(path: Path) -> set[str]:
    attributes = {ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    return (attributes | set(imported(path))) & {f"os.{name}" for name in ENVIRONMENT}


def test_files_are_small() -> None:
    assert offenders([*PRODUCT, *OTHERS], lambda path: lines(path) > FILE_LINES and lines(path)) == {}
    assert offenders(TESTS, lambda path: lines(path) > TEST_FILE_LINES and lines(path)) == {}


def test_functions_are_short() -> None:
    assert offenders([*PRODUCT, *OTHERS], long_functions) == {}


def test_names_of_files_say_what_is_inside() -> None:
    def names(path: Path) -> set[str]:
        return {path.stem, *path.relative_to(ROOT).parent.parts[1:]} & FORBIDDEN_NAMES

    assert offenders([*PRODUCT, *OTHERS, *TESTS], names) == {}


def test_settings_alone_read_the_environment() -> None:
    assert offenders([path for path in PRODUCT if path.name != "settings.py"], environment_reads) == {}


def test_settings_import_nothing_of_ours() -> None:
    assert not imported_roots(ROOT / "settings.py") & {"server", "tests", "benchmarks", *PACKAGES}


def test_store_alone_chooses_implementations() -> None:
    def chosen(path: Path) -> list[str]:
        modules = [name.split(".")[1] for name in imported(path) if name.startswith("store.")]
        return [name for name in modules if IMPLEMENTATION.search(name)]

    assert offenders([path for path in PRODUCT if ROOT / "store" not in path.parents], chosen) == {}


def test_imports_point_left_those_for_types_too() -> None:
    seen = {"store": {"store", "settings"}, "services": {"services", "store"}}
    seen |= {door: {door, "services", "store"} for door in ("handlers", "ws")}

    def rightwards(path: Path) -> set[str]:
        ours = {"server", "settings", *PACKAGES}
        return imported_roots(path) & ours - seen[path.relative_to(ROOT).parts[0]]

    assert offenders(python_files(*PACKAGES), rightwards) == {}


def test_the_product_imports_no_test_and_no_benchmark() -> None:
    assert offenders(PRODUCT, lambda path: imported_roots(path) & {"tests", "benchmarks", "tools"}) == {}


def test_floors_are_short_and_share_no_code_with_the_product() -> None:
    floors = sorted((ROOT / "benchmarks").glob("floor_*.py"))
    assert offenders(floors, lambda path: lines(path) > FLOOR_LINES and lines(path)) == {}
    assert offenders(floors, lambda path: imported_roots(path) & {"server", "settings", "tests", *PACKAGES}) == {}


def test_every_package_is_under_contract() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    listed = set(contracts["importlinter"]["root_packages"].split())
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert found == listed == set(PACKAGES)


def test_every_folder_of_a_package_is_a_package() -> None:
    folders = {file.parent for file in python_files(*PACKAGES)}
    assert {str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_every_measured_module_is_ours_and_every_module_is_measured() -> None:
    measured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]["source_pkgs"]
    assert set(measured) == {"server", "settings", *PACKAGES}


def test_the_changelog_begins_with_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert next(heading for heading in headings if heading != "Unreleased") == version


def test_everything_declared_is_locked() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, dev = declared["project"]["dependencies"], declared["dependency-groups"]["dev"]
    for lock, needed in {"requirements.txt": run, "requirements-dev.txt": run + dev}.items():
        locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        assert {re.split(r"[^a-z0-9-]", name)[0] for name in needed} <= locked


def test_both_locks_pin_the_same_releases() -> None:
    run, dev = (
        set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in ("requirements.txt", "requirements-dev.txt")
    )
    assert run <= dev


def test_locks_name_no_registry() -> None:
    locks = [*ROOT.glob("requirements*.txt"), *(ROOT / "tools").glob("*/package-lock.json")]
    peers = ROOT / "benchmarks" / "peers"
    locks += [*peers.glob("*/requirements.txt"), *peers.glob("*/package-lock.json")]
    assert offenders(locks, lambda path: ADDRESS_IN_LOCK.findall(path.read_text())) == {}


def written_files() -> list[Path]:
    """Return every text that people wrote: not what was made, vendored, or given as data."""
    skipped = {"node_modules", "vendor", "__pycache__", "data", "htmlcov"}
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.suffix in TEXT_SUFFIXES
        and path.is_file()
        and not path.name.startswith(".coverage")
        and not skipped & set(path.relative_to(ROOT).parts)
        if not any(part.startswith(".") and part != ".ci" for part in path.relative_to(ROOT).parts[:-1])
    )


def test_nothing_names_a_path_of_one_machine() -> None:
    def named(path: Path) -> list[str]:
        return [line.strip() for line in path.read_text().splitlines() if MACHINE_PATH.search(line)]

    assert offenders(written_files(), named) == {}
