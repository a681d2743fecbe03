"""What people say of themselves, take with them, and take away."""
