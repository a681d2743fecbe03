"""What a store may raise.

StoreError
    Duplicate       a unique index refused a record
    Mismatch        a record did not have the expected values, or does not exist
    Unavailable     the store cannot be reached; nothing was written
    Unknown         no answer in time: the write may or may not be kept
    Undeclared      a query that no declared index serves; a mistake of ours
    WrongStore      the database belongs to another version or another product
"""


class StoreError(Exception):
    """Everything a store raises."""


class Duplicate(StoreError):
    """A unique index refused a record.

    In a ``batch`` the records before ``position`` are kept and none after; in ``together`` nothing is.
    """

    def __init__(self, table: str, index: str, position: int = 0) -> None:
        self.table = table
        """Name of the table."""
        self.index = index
        """Name of the index: its fields joined by ``_``, or ``id``. Of several the first: ``id``, then as declared."""
        self.position = position
        """Place of the refused record among those of the call, from 0."""
        super().__init__(table, index, position)

    def __str__(self) -> str:
        return f"{self.table}: {self.index} is taken (record {self.position})"


class Mismatch(StoreError):
    """A record did not have the values an update expected, or does not exist; nothing was written."""

    def __init__(self, table: str, id_: str, position: int = 0) -> None:
        self.table = table
        self.id = id_
        self.position = position
        """Place of the refused write among those of the call, from 0."""
        super().__init__(table, id_, position)

    def __str__(self) -> str:
        return f"{self.table}: {self.id} is missing or not as expected (write {self.position})"


class Unavailable(StoreError):
    """The store cannot be reached or cannot write; nothing was written. Trying again can help."""


class Unknown(StoreError):
    """No answer in time: the write may or may not be kept. Resend it with the same ids and look."""


class Undeclared(StoreError):
    """A query that no declared index serves: a mistake in the program, never of a client."""


class WrongStore(StoreError):
    """The database was written by a version, or for a purpose, that this program does not open."""
