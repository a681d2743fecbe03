"""All peers, in the order in which tables have them."""

from benchmarks.peers.channels import CHANNELS
from benchmarks.peers.node import NODE
from benchmarks.peers.peer import Peer
from benchmarks.peers.pythons import PYTHONS

PEERS: tuple[Peer, ...] = (*PYTHONS, *NODE, *CHANNELS)
