"""A bookkeeper's deeds in Xero, told as JSON: a method of the books by its name, its arguments by theirs."""

import inspect
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, get_args, get_type_hints

from relay.sandbox.ghl_deeds import DeedFailed
from relay.sandbox.ghl_json import Json
from relay.sandbox.xero_books import Books


class Bookkeeper:
    """The person at the books of every organisation of one Xero. A deed is a public method that takes `tenant_id`."""

    def __init__(self, books: Books) -> None:
        methods = inspect.getmembers(books, inspect.ismethod)
        self._books = books
        self._deeds: dict[str, Callable[..., Any]] = {
            name: method
            for name, method in methods
            if not name.startswith("_") and name != "add_demo" and "tenant_id" in inspect.signature(method).parameters
        }

    @property
    def names(self) -> Sequence[str]:
        """Return the deeds there are."""
        return tuple(self._deeds)

    def do(self, name: str, told: Json) -> Any:
        """Do a deed and return what the books return.

        Raises:
            DeedFailed: an unknown deed or organisation; an argument that is missing, unknown or cannot be read.
            Invalid: Xero would not let a person do it either.
        """
        deed = self._deeds.get(name)
        if deed is None:
            raise DeedFailed(f"no deed {name}; there are {', '.join(self._deeds)}")
        if told.get("tenant_id") not in self._books.tenants:
            raise DeedFailed(f"no organisation {told.get('tenant_id')}")
        hints = get_type_hints(deed)
        arguments = {key: _read(key, value, hints.get(key)) for key, value in told.items()}
        try:
            inspect.signature(deed).bind(**arguments)
        except TypeError as error:
            raise DeedFailed(f"{name}: {error}") from error
        return deed(**arguments)


def _read(name: str, value: Any, hint: Any) -> Any:
    """Return a JSON value as what the books take: amounts as Decimal, days as date."""
    wanted = {hint, *get_args(hint)}
    try:
        if Decimal in wanted and value is not None:
            return Decimal(str(value))
        if date in wanted and isinstance(value, str):
            return date.fromisoformat(value)
    except (ValueError, InvalidOperation) as error:
        raise DeedFailed(f"{name}: {value!r} cannot be read") from error
    return value
