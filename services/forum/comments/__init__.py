"""What is said about posts: a tree of comments under each."""
