"""What people follow and where they are, as one list for each: written when it is posted, read by one index."""
