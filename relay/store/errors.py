"""Everything the database can do to us; this room raises nothing else. Each leaf says what becomes of the work.

StoreError
├── StoreUnavailable   not reached, locked, or too slow: not known to be stored   -> retry
├── SchemaOutdated     tables are missing or older than this code                 -> `relay db upgrade`
├── Conflict           another row holds that id, location or document            -> a person, or read it and decide
├── Missing            there is no such row                                       -> the caller's id is wrong
├── SettingsRejected   a connection's setting does not fit                        -> the person corrects that field
├── LeaseTaken         somebody else holds it, and did not let go in time         -> retry
└── LeaseLost          it ended before the work under it                          -> drop the work, it is done again
"""


class StoreError(Exception):
    """Root of what the store raises."""


class StoreUnavailable(StoreError):
    """Not reached, locked by others, or too slow. A write may have landed; each of ours may be repeated."""


class SchemaOutdated(StoreError):
    """The database has not the tables of this code: run `relay db upgrade`."""


class Conflict(StoreError):
    """Another row holds what must be unique."""


class Missing(StoreError):
    """There is no such row."""


class SettingsRejected(StoreError):
    """A setting of a connection does not fit; `field` names it with dots, `words` say why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(f"{field}: {words}" if field else words)
        self.field = field
        self.words = words


class LeaseTaken(StoreError):
    """Somebody else holds it, and did not let go in time."""


class LeaseLost(StoreError):
    """It could not be renewed, or went to somebody else: what was done under it may run twice, so stop."""
