"""Log-ins: the one way in, the tokens of a log-in, and what is asked of it later."""
