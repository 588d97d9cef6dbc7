"""What became of a subject. A handler returns one per subject; the runtime stores it and acts on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from schemas.reasons import Reason


class Scope(Enum):
    """What waits when something parks."""

    SUBJECT = "subject"
    CONNECTION = "connection"  # throttled, offline, to be re-authorised: the whole connection stops and resumes


@dataclass(frozen=True, slots=True)
class Done:
    """The effect stands on the other side. `detail` says what was done, in a few words, without personal data."""

    detail: str = ""
    link: str | None = None  # id of the invoice link, for trace and console


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing was to be done."""

    reason: Reason
    detail: str = ""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again in place after a while. Longer than 30 s becomes a park."""

    after: timedelta
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Park:
    """Set aside until then; it goes on by itself. Later events of the subject (or connection) queue behind it."""

    until: datetime
    reason: Reason
    detail: str = ""
    scope: Scope = Scope.SUBJECT


@dataclass(frozen=True, slots=True)
class Dead:
    """Only a person can free it. Nothing queues behind it."""

    reason: Reason
    detail: str = ""  # both figures, the vendor's words: what the person needs to know
    link: str | None = None


Outcome = Done | Skipped | Retry | Park | Dead
