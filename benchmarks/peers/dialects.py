"""The dialects of the peers, by the names that tasks have for them."""

from collections.abc import Callable

from benchmarks.load.dialect import Dialect
from benchmarks.load.task import Task
from benchmarks.peers.centrifugo_dialect import Centrifugo
from benchmarks.peers.channels_dialect import Channels
from benchmarks.peers.socketio_dialect import SocketIo
from benchmarks.peers.tinode_dialect import Tinode

DIALECTS: dict[str, Callable[[Task], Dialect]] = {
    "centrifugo": lambda task: Centrifugo(task.options["tokens"]),
    "channels": lambda _task: Channels(),
    "socketio": lambda _task: SocketIo(),
    "tinode": lambda task: Tinode(task.options["key"], task.options["tokens"], task.options["topic"]),
}
