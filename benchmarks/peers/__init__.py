"""Peers: what people would pick instead of Parley, doing the same work in the same run."""
