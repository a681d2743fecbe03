"""Passkeys (WebAuthn): made, named, removed, and what they prove."""
