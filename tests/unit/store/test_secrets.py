import multiprocessing
import secrets
from pathlib import Path

import pytest

from store.secrets import SECRETS, Secret, check_secret, derive, load_secret, shared_secret
from tests.unit.store.mongo.mongo_kinds import database

GOOD = "kYw3-8sHq0Zr_Lt5VbNd71xPfGuJc9EaMiTo24Xl"


def write(folder: Path, secret: str, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text(secret)
    path.chmod(mode)
    return path


def test_the_first_start_makes_a_secret_for_its_owner_alone(tmp_path: Path) -> None:
    made = load_secret(tmp_path / "data")
    assert len(made) == 43
    assert load_secret(tmp_path / "data") == made
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_find_the_same_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        for turn in range(10):
            assert len(set(pool.map(load_secret, [tmp_path / str(turn)] * 4, chunksize=1))) == 1


def test_a_given_secret_is_taken_without_its_line_end(tmp_path: Path) -> None:
    write(tmp_path, GOOD + "\n")
    assert load_secret(tmp_path) == GOOD


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666])
def test_a_secret_that_others_can_read_is_closed_to_them(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path, GOOD, mode)
    assert load_secret(tmp_path) == GOOD
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_secret_of_somebody_else_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, GOOD, 0o644)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    with pytest.raises(ValueError, match="not ours"):
        load_secret(tmp_path)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "0 characters"),
        (GOOD[:31], "31 characters"),
        ("a" * 64, "sample"),
        ("abcdefghijkl" * 4, "sample"),
        ("abc12" * 7 + "a", "sample"),
        ("ChangeMe-" + GOOD, "sample"),
        ("your-secret-key-goes-here-0123456789", "sample"),
        ("example" + GOOD, "sample"),
    ],
)
def test_what_is_short_or_a_sample_is_refused_and_not_repeated(tmp_path: Path, bad: str, why: str) -> None:
    write(tmp_path, bad)
    with pytest.raises(ValueError, match=why) as refused:
        load_secret(tmp_path)
    assert not bad or bad not in str(refused.value)


def test_made_secrets_are_accepted() -> None:
    for _ in range(1000):
        for made in (secrets.token_urlsafe(32), secrets.token_hex(16)):
            assert check_secret(made, "here") == made


def test_derive_gives_each_purpose_a_key_of_its_own() -> None:
    keys = {derive(secret, label) for secret in (GOOD, GOOD[::-1]) for label in ("tokens", "pepper")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    assert derive(GOOD, "tokens") in keys


@pytest.mark.mongo
async def test_nodes_on_one_database_share_the_secret_of_the_first(mongo_url: str) -> None:
    async with database(mongo_url) as opened:
        assert await shared_secret(opened, GOOD) == GOOD
        assert await shared_secret(opened, GOOD[::-1]) == GOOD


@pytest.mark.mongo
async def test_a_shared_secret_is_checked_too(mongo_url: str) -> None:
    async with database(mongo_url) as opened:
        with pytest.raises(ValueError, match="data directory"):
            await shared_secret(opened, "short")
        await opened.insert(SECRETS, Secret(id="installation", value="x" * 40))
        with pytest.raises(ValueError, match="table secrets"):
            await shared_secret(opened, GOOD)
