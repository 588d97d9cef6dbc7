"""Runs commands in this process, on embedded defaults in a folder, and reads what they print."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.cli.main import exit_code


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """An operator's terminal in a folder of its own."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Answer:
        self.capture.readouterr()
        code = exit_code(list(arguments))
        printed = self.capture.readouterr()
        return Answer(code, printed.out, printed.err)

    def connect(self, connection_id: str = "acme", **settings: Any) -> None:
        """Import a connection."""
        grants = {
            vendor: {"access_token": "a", "refresh_token": "r", "expires_at": "2099-01-01T00:00:00Z"}
            for vendor in ("ghl", "xero")
        }
        connection = {
            "id": connection_id,
            "name": connection_id.title(),
            "location_id": f"loc-{connection_id}",
            "tenant_id": f"tenant-{connection_id}",
            "tenant_name": "Books",
            "settings": settings,
            "grants": grants,
        }
        file = self.folder / "connections.yaml"
        file.write_text(yaml.safe_dump({"connections": [connection]}))
        answer = self.run("connections", "import", str(file), "--yes")
        assert answer.code == 0, answer.err
