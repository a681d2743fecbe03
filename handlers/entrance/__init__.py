"""Where HTTP comes in: addresses, bodies and how long a client is waited for."""
