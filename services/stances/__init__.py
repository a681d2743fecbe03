"""What somebody wants to hear of: follows, mutes, what is hidden."""
