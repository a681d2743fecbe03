"""Posts and what is said about them, votes, and the feed."""
