"""Lists of posts, page by page."""
