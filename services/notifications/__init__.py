"""What people are told of, in their own streams."""
