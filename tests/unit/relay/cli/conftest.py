import os

import pytest

from tests.givens.commands import Shell


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys):
    for name in [name for name in os.environ if name.startswith("RELAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELAY_DATA_DIR", str(tmp_path / "data"))
    return Shell(tmp_path, capsys)
