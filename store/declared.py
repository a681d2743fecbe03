"""What the declaration of a table permits, for every store the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from store.database import FIND_LIMIT, TOGETHER_LIMIT, Index, Record, Scalar, Table
from store.errors import Undeclared


def defaults(record: type[Record]) -> dict[str, Any]:
    """Return each field of a record with the value of a record that does not mention it; without one: ``NODEFAULT``."""
    return {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in msgspec.structs.fields(record)
    }


def serving(table: Table[Any], equal: Mapping[str, Scalar], by: str | None, above: Scalar, below: Scalar) -> Index:
    """Return the first declared index that starts with the fields of ``equal``, then ``by``.

    Raises:
        Undeclared: If there is none, or a bound is given and not the field it bounds.
    """
    if by is None and (above is not None or below is not None):
        raise Undeclared(f"{table.name}: a bound without the field it bounds")
    count = len(equal)
    for index in table.indexes:
        if set(index.fields[:count]) != equal.keys():
            continue
        if (by is None and count) or (by is not None and index.fields[count : count + 1] == (by,)):
            return index
    order = "" if by is None else f" by {by}"
    raise Undeclared(f"{table.name}: no index for ({', '.join(equal)}){order}")


def check_known(table: Table[Any], fields: Iterable[str], among: Mapping[str, Any]) -> None:
    """Refuse fields that the record does not have.

    Raises:
        Undeclared: If there is one.
    """
    for field in fields:
        if field not in among:
            raise Undeclared(f"{table.name} has no field {field}")


def check_scalars(values: Iterable[Any]) -> None:
    """Refuse what a query may not compare with: a mapping would be an operator to Mongo.

    Raises:
        TypeError: If there is one.
    """
    for value in values:
        if not isinstance(value, str | int | None):
            raise TypeError(f"queries compare with scalars, not with a {type(value).__name__}")


def check_limit(limit: int) -> None:
    """Refuse a limit over ``FIND_LIMIT``.

    Raises:
        Undeclared: If it is.
    """
    if limit > FIND_LIMIT:
        raise Undeclared(f"{limit} records asked for, {FIND_LIMIT} is the most")


def check_together(writes: Sequence[Any]) -> None:
    """Refuse more than ``TOGETHER_LIMIT`` writes at once.

    Raises:
        Undeclared: If there are more.
    """
    if len(writes) > TOGETHER_LIMIT:
        raise Undeclared(f"{len(writes)} writes at once, {TOGETHER_LIMIT} is the most")
