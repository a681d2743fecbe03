"""What an operator is warned of, by the addresses of the parts alone."""

import pytest

from store.cautions import cautions

FINE = [
    "mongodb://localhost/parley",
    "mongodb://127.0.0.1:27017,[::1]:27018/parley?replicaSet=rs",
    "mongodb://%2Ftmp%2Fmongodb-27017.sock/parley",
    "mongodb://ann:pass@db.example/parley",
    "mongodb+srv://ann:pass@db.example/parley",
    "mongodb://db.example/parley?authMechanism=MONGODB-X509",
]
OPEN = [
    "mongodb://db.example/parley",
    "mongodb://localhost,db.example/parley?replicaSet=rs",
    "mongodb+srv://cluster.example/parley",
    "mongodb://10.0.0.5:27017",
    "mongodb://[2001:db8::1]:27017/parley",
    "mongodb://localhost.example/parley",
]


@pytest.mark.parametrize("url", FINE)
def test_mongo_that_is_here_or_asks_for_a_proof_is_fine(url: str) -> None:
    assert cautions(url, None) == []


@pytest.mark.parametrize("url", OPEN)
def test_mongo_elsewhere_without_a_password_is_warned_of(url: str) -> None:
    (caution,) = cautions(url, None)
    assert "MongoDB" in caution
    assert "example" not in caution


@pytest.mark.parametrize(
    "url", ["redis://localhost:6379/0", "redis://:word@r.example", "rediss://ann:word@r.example/1"]
)
def test_redis_that_is_here_or_asks_for_a_password_is_fine(url: str) -> None:
    assert cautions(None, url) == []


@pytest.mark.parametrize(
    "url",
    ["redis://r.example", "rediss://r.example:6379", "redis+sentinel://127.0.0.1,10.1.1.1/main", "redis://:@r.example"],
)
def test_redis_elsewhere_without_a_password_is_warned_of(url: str) -> None:
    (caution,) = cautions(None, url)
    assert "Redis" in caution


@pytest.mark.parametrize("option", ["compressors=zlib", "compressors=snappy,zlib", "Compressors=ZLIB"])
def test_zlib_is_warned_of(option: str) -> None:
    (caution,) = cautions(f"mongodb://localhost/parley?replicaSet=rs&{option}", None)
    assert "zlib" in caution


def test_nothing_kept_elsewhere_is_nothing_to_warn_of() -> None:
    assert cautions(None, None) == []
