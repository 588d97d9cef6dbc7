"""Ids and secrets of the simulated vendors: made up from a seed, so that a run can be repeated."""

import base64
import random
import string
from collections.abc import Sequence
from typing import Final, TypeVar
from uuid import UUID

_ALPHANUMERIC: Final = string.ascii_letters + string.digits
T = TypeVar("T")


class Ids:
    """A source of ids. Nothing here protects anything: the whole sandbox is made up."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose, guards nothing

    def document(self) -> str:
        """Return an id of 24 hexadecimal digits, as invoices and transactions have."""
        return f"{self._random.getrandbits(96):024x}"

    def record(self) -> str:
        """Return an id of 20 letters and digits, as contacts, locations and companies have."""
        return self.text(20)

    def uuid(self) -> str:
        """Return a UUID of version 4."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def text(self, length: int) -> str:
        """Return letters and digits."""
        return "".join(self._random.choices(_ALPHANUMERIC, k=length))

    def webhook_key(self) -> str:
        """Return a Xero webhook key: 88 characters that look like base64, and are used as text."""
        return base64.b64encode(self._random.randbytes(64)).decode()

    def seed_bytes(self) -> bytes:
        """Return 32 bytes to make a signing key from."""
        return self._random.randbytes(32)

    def share(self) -> float:
        """Return a number from 0 to below 1, for jitter."""
        return self._random.random()

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """Return the values in another order."""
        return self._random.sample(values, k=len(values))
