"""What one was told: looking at it, and putting it away."""
