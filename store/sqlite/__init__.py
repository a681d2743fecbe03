"""The parts of the embedded database."""
