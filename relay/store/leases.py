"""Leases: locks that may span a vendor call, the same on both databases (holder, until, fencing number)."""

from contextlib import AbstractAsyncContextManager


class LeaseTaken(Exception):
    """Somebody else holds it, and did not let go in time."""


class Leases:
    # Leases(database, clock, holder: str)
    def held(self, name: str, *, ttl_s: float, wait_s: float) -> AbstractAsyncContextManager[int]:
        """Hold the lease; yields the fencing number. Polls up to `wait_s` (0: one try), else raises LeaseTaken.
        Released on exit; a dead holder's lease ends after `ttl_s`.
        """
