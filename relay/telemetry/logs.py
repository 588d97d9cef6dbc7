"""Structured logs: an event is `noun.past_participle`, facts are fields with units in their names.

Ids only: no body, no token, no person.
"""

import logging
import sys
from collections.abc import Sequence
from typing import Literal

import structlog


def configure_logs(level: str, form: Literal["console", "json"] | None, *, libraries: str = "warning") -> None:
    """Send logs to stderr: for people on a terminal, as JSON lines elsewhere, unless `form` says which.

    What libraries log, from the level `libraries` on, comes in the same form.
    """
    chosen = form or ("console" if sys.stderr.isatty() else "json")
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if chosen == "console" else structlog.processors.JSONRenderer()
    )
    shared: Sequence[structlog.typing.Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.getLevelNamesMapping()[libraries.upper()], handlers=[lines], force=True)
