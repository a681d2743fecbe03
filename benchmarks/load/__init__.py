"""What the load driver does: one module a kind of load, all of them clients of ``docs/protocol.md`` alone."""
