"""People: who they are, as others and as they themselves see them, and what is written down and told of them."""
