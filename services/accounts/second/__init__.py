"""Proofs beside the password: an authenticator app, backup codes, codes by mail, passkeys; and what they are for."""
