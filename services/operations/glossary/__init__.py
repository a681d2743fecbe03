"""What the fields on the wire mean, in one place: a word has one meaning wherever it stands."""
