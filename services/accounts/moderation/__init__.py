"""What admins and moderators do about accounts."""
