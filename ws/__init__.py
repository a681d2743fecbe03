"""The websocket adapter: frames, outboxes, the hub and the sessions."""
