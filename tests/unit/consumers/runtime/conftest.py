"""What the runtime says while it is provoked: caught, for a traceback on a console takes longer than its test."""

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    with capture_logs() as caught:
        yield caught
