"""What becomes of an event that our own code failed on: tried again a few times, then a person must look."""

import hashlib
import traceback
from datetime import timedelta
from typing import Final

import structlog

from consumers.runtime.handler import QueuedEvent
from consumers.runtime.outcome import Dead, Retry
from schemas.reasons import Reason

log = structlog.get_logger()

TRIES: Final = 4  # then a dead letter as `internal_error`


def unexpected(queued: QueuedEvent, error: BaseException) -> Retry | Dead:
    """Log a failure that nobody foresaw, and return what becomes of its event."""
    digest = hashlib.sha256("".join(traceback.format_exception(error)).encode()).hexdigest()[:12]
    tries = queued.attempts + 1
    log.error("event.failed", event_id=queued.event.id, digest=digest, tries=tries, exc_info=error)
    words = f"{type(error).__name__}, traceback {digest}"
    if tries >= TRIES:
        return Dead(Reason.INTERNAL_ERROR, words)
    return Retry(timedelta(seconds=2**tries), Reason.INTERNAL_ERROR, words)
