"""How lists of posts and comments, and the feed, are read where there are many."""
