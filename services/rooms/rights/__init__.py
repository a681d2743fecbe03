"""Who may see what and do what: what is known of rooms, and the rules that judge by it."""
