"""All peers, in the order in which tables have them."""

from benchmarks.peers.centrifugo import CENTRIFUGOS
from benchmarks.peers.channels import CHANNELS
from benchmarks.peers.node import NODE
from benchmarks.peers.peer import Peer
from benchmarks.peers.pythons import PYTHONS
from benchmarks.peers.tinode import TINODE

PEERS: tuple[Peer, ...] = (*PYTHONS, *NODE, *CHANNELS, *CENTRIFUGOS, TINODE)
