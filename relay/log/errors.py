"""Everything the log can do to us; adapters raise nothing else.

LogError
├── LogUnavailable   not known to be stored, or not readable now    -> answer "come again", try later
├── EventTooLarge    will never fit                                 -> 413, a person must look
├── TopicMissing     not created, or not allowed to us              -> `relay topics apply`, come again
├── Fenced           the partition is no longer ours                -> drop the work, its new owner does it again
└── OffsetLost       the wanted offset is gone (retention)          -> start at the earliest, say so
"""


class LogError(Exception):
    """Root of what the log raises."""


class LogUnavailable(LogError):
    """Not known to be stored, or not readable now."""


class EventTooLarge(LogError):
    """The record will never fit."""


class TopicMissing(LogError):
    """The topic does not exist or is not allowed to us."""


class Fenced(LogError):
    """The partition went to another member: what was done for it is committed by nobody."""


class OffsetLost(LogError):
    """The wanted offset is not on the log any more."""
