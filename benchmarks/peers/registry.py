"""All peers, in the order in which tables have them."""

from benchmarks.peers.peer import Peer
from benchmarks.peers.pythons import PYTHONS

PEERS: tuple[Peer, ...] = (*PYTHONS,)
