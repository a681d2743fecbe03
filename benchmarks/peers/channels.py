"""Django Channels with its Redis layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.parts import free_port, redis, redis_program, serving
from benchmarks.peers.peer import Running
from benchmarks.peers.pythons import UVICORN, PythonPeer

PACKAGES = ("django", "channels", "channels-redis", "redis", "uvicorn", "uvloop", "websockets")


class ChannelsPeer(PythonPeer):
    """The server with one of the two layers of channels_redis, and a Redis of its own."""

    def __init__(self, name: str, layer: str, settings: str) -> None:
        """Take the name, the layer as ``server.py`` calls it, and the settings in words."""
        super().__init__(name, "django_channels", PACKAGES, settings)
        self.dialect = "channels"
        self.layer = layer

    def install(self) -> str:
        """Make its environment and look for a Redis; see ``Peer``."""
        redis_program()
        return super().install()

    @contextmanager
    def running(self, place: Path) -> Iterator[Running]:
        """Start both; see ``Peer``."""
        port = free_port()
        with (
            redis(place) as (url, redis_pid),
            serving(self.command(port, url, self.layer), port, place / "channels.log") as pid,
        ):
            yield Running(port, (pid, redis_pid))


SETTINGS = f"`AsyncJsonWebsocketConsumer` on {UVICORN}; its Redis keeps nothing, and runs on whatever core is free"

CHANNELS = (
    ChannelsPeer("Channels", "core", f"{SETTINGS}; `channels_redis.core`, the layer its documentation names first"),
    ChannelsPeer("Channels, pub/sub layer", "pubsub", f"{SETTINGS}; `channels_redis.pubsub`"),
)
