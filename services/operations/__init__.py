"""Operations: what one is, how it is performed, what it may answer, and how it is described."""
