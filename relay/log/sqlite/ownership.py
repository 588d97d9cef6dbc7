"""Who reads for a group: one process of the machine at a time, held by a lock of the operating system.

The lock is free the moment its holder closes it or dies, so a stand-by goes on without any timeout.
"""

import fcntl
import os
from pathlib import Path


class Ownership:
    """The right to read for one group of one file; every method returns at once."""

    def __init__(self, path: Path, group: str) -> None:
        self._path = path.with_name(f"{path.name}.{group}.lock")
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Return whether it is ours."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Return whether it is ours now; False while another holds it.

        Raises:
            OSError: the lock file cannot be made.
        """
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def give_up(self) -> None:
        """Let the next one have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
