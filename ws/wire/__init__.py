"""The wire: frames, and the sockets they go over."""
