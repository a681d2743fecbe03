"""What people report, and those who look at it."""
