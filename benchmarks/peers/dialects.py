"""The dialects of the peers, by the names that tasks have for them."""

from collections.abc import Callable

from benchmarks.load.dialect import Dialect
from benchmarks.load.task import Task
from benchmarks.peers.channels_dialect import Channels
from benchmarks.peers.socketio_dialect import SocketIo

DIALECTS: dict[str, Callable[[Task], Dialect]] = {
    "channels": lambda _task: Channels(),
    "socketio": lambda _task: SocketIo(),
}
