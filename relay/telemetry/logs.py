"""Structured logs: an event is `noun.past_participle`, facts are fields with units in their names.

Ids only: no body, no token, no person.
"""

import logging
import sys
from typing import Literal

import structlog


def configure_logs(level: str, form: Literal["console", "json"] | None) -> None:
    """Send logs to stderr: for people on a terminal, as JSON lines elsewhere, unless `form` says which."""
    chosen = form or ("console" if sys.stderr.isatty() else "json")
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if chosen == "console" else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )
