"""What may be said: words, links, lengths."""
