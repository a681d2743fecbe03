"""Buckets in Redis: keys that name nobody and expire when they are full, changed by scripts, by the clock of Redis."""

import asyncio
import hashlib
from collections.abc import Mapping

from store.buckets import TAKE_S, Taken
from store.redis.link import Link, Script

SHARDS = 4
"""Families of keys, each with a hash tag of its own: on a cluster they are spread, and each script has one family."""

# A key holds the microsecond (of TIME) at which its bucket is full again, and expires a second later.
_SPEND = Script(
    """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local left = {}
    for at, key in ipairs(KEYS) do
        local full = math.max(tonumber(redis.call('GET', key) or now), now) + tonumber(ARGV[at])
        redis.call('SET', key, string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1000)
        left[at] = full - now
    end
    return left
    """
)
_TAKE = Script(
    """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local level = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) - now
    local after = level + tonumber(ARGV[1])
    if after > tonumber(ARGV[2]) then
        return {after - tonumber(ARGV[2]), level}
    end
    redis.call('SET', KEYS[1], string.format('%.0f', now + after), 'PX', math.ceil(after / 1000) + 1000)
    return {0, after}
    """
)


class RedisBuckets:
    """Implements ``store.buckets.Buckets``. It connects when it is first used, and again whenever it must."""

    alone = False

    def __init__(self, link: Link, prefix: str, secret: bytes) -> None:
        """Use a link; keys begin with ``prefix``, and only who has the secret can tell whose they are."""
        self._link = link
        self._prefix = f"{prefix}bucket:"
        self._secret = secret

    async def spend(self, spent: Mapping[str, float]) -> dict[str, float]:
        """See ``Buckets.spend``."""
        families: dict[str, dict[str, str]] = {}
        for key in spent:
            tag, name = self._name(key)
            families.setdefault(tag, {})[key] = name
        calls = (self._spend(names, spent) for names in families.values())
        left: dict[str, float] = {}
        for answer in await asyncio.gather(*calls, return_exceptions=True):  # all are over when one is told of
            if isinstance(answer, BaseException):
                raise answer
            left |= answer
        return left

    async def _spend(self, names: Mapping[str, str], spent: Mapping[str, float]) -> dict[str, float]:
        args = [_micros(spent[key]) for key in names]
        left = await self._link.script(_SPEND, list(names.values()), args)
        return {key: micros / 1e6 for key, micros in zip(names, left, strict=True)}

    async def take(self, key: str, cost: float, size: float) -> Taken:
        """See ``Buckets.take``."""
        _, name = self._name(key)
        wait, left = await self._link.script(_TAKE, [name], [_micros(cost), _micros(size)], deadline=TAKE_S)
        return Taken(wait / 1e6, left / 1e6)

    async def close(self) -> None:
        """See ``Buckets.close``."""
        await self._link.close()

    def _name(self, key: str) -> tuple[str, str]:
        """Return the family of a key, and its name in Redis."""
        digest = hashlib.blake2b(key.encode(), digest_size=16, key=self._secret).digest()
        tag = f"{{{digest[0] % SHARDS}}}"
        return tag, f"{self._prefix}{tag}:{digest.hex()}"


def _micros(seconds: float) -> int:
    return round(seconds * 1e6)
