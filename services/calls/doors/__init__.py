"""What clients may ask of calls."""
