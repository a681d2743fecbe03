"""Calls on one node: whose socket a leg is, and what is told of calls, here and on other nodes."""
