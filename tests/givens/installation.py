"""A real installation on loopback: `relay` processes of their own, against vendors simulated in this one."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from relay.cli import wiring
from relay.cli.operator import OperatorAtHand
from relay.cli.sandbox import relay_environment
from relay.clock import SystemClock
from relay.sandbox.app import Sandbox, opened_sandbox
from relay.sandbox.client import SandboxClient
from relay.sandbox.story import World
from relay.serving import served
from relay.settings import Settings, read_settings

RELAY = str(Path(sys.executable).with_name("relay"))
START_S = 60.0
RETRIES_SCALE = 0.01  # a vendor does not give up while a process starts anew


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Traffic:
    """An ASGI middleware that knows how many calls of the relay are under way at the vendors."""

    app: Any
    under_way: int = 0
    ended: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        counts = scope["type"] == "http" and not scope["path"].startswith("/control")
        self.under_way += counts
        try:
            await self.app(scope, receive, send)
        finally:
            self.under_way -= counts
            self.ended += counts


@dataclass
class Process:
    """One `relay` process, started again after each kill."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    health: str
    running: asyncio.subprocess.Process | None = None
    kills: int = 0

    async def start(self) -> None:
        with self.output.open("ab") as output:
            self.running = await asyncio.create_subprocess_exec(
                RELAY, *self.arguments, env=dict(self.environment), stdout=output, stderr=output
            )

    async def ready(self, within_s: float = START_S) -> None:
        """Wait until it says it is ready."""
        async with asyncio.timeout(within_s), httpx.AsyncClient(trust_env=False) as http:
            while True:
                if self.running is None or self.running.returncode is not None:
                    raise AssertionError(f"{self.arguments} ended: {self.output.read_text()[-3000:]}")
                try:
                    if (await http.get(self.health, timeout=2)).status_code == 200:
                        return
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
                else:
                    await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it by SIGKILL and start it anew."""
        assert self.running is not None
        self.running.kill()
        await self.running.wait()
        self.kills += 1
        await self.start()

    async def stop(self) -> int | None:
        """Ask it to end, and return its exit code."""
        if self.running is None or self.running.returncode is not None:
            return self.running.returncode if self.running else None
        self.running.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(20):
                return await self.running.wait()
        except TimeoutError:
            self.running.kill()
            return await self.running.wait()


@dataclass
class CommandLine:
    """An operator who types commands; what he sees is read from the database, as the commands do."""

    environment: Mapping[str, str]
    eyes: OperatorAtHand
    connection_id: str

    async def change(self, key: str, value: str) -> None:
        await run_command(self.environment, "connections", "set", self.connection_id, f"{key}={value}")

    async def redrive(self) -> int:
        answer = await run_command(self.environment, "dead", "redrive", "--all", "--yes", "--json")
        return len(json.loads(answer)["redriven"])

    async def reasons(self, state: str) -> Sequence[str]:
        return await self.eyes.reasons(state)

    async def skipped(self, subject: str) -> Sequence[str]:
        return await self.eyes.skipped(subject)

    async def mark(self) -> None:
        await self.eyes.mark()

    async def handled_again(self) -> bool:
        return await self.eyes.handled_again()


@dataclass
class Installation:
    """What a test drives and looks into."""

    world: World
    sandbox: Sandbox
    traffic: Traffic
    stores: wiring.Stores
    environment: Mapping[str, str]
    processes: dict[str, Process] = field(default_factory=dict)


async def run_command(environment: Mapping[str, str], *arguments: str, code: int = 0) -> str:
    """Run a command to its end and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        RELAY,
        *arguments,
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        printed, errors = await process.communicate()
    assert process.returncode == code, (
        f"relay {' '.join(arguments)}: {errors.decode()[-3000:]}{printed.decode()[-1000:]}"
    )
    return printed.decode()


@asynccontextmanager
async def installed(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Installation]:
    """Set an installation up with its own commands, start receiver and consumers, connect the demo's account."""
    clock = SystemClock()
    async with opened_sandbox(clock=clock, time_scale=RETRIES_SCALE) as sandbox:
        traffic = Traffic(sandbox.app)
        async with served(traffic, "127.0.0.1", 0) as port, SandboxClient(f"http://127.0.0.1:{port}") as client:
            public, admin_receiver, admin_consumers = free_port(), free_port(), free_port()
            environment = {
                "PATH": os.environ["PATH"],
                "RELAY_LOG_FORMAT": "json",
                "RELAY_DATA_DIR": str(folder / "data"),
                "RELAY_PUBLIC_HOST": "127.0.0.1",
                "RELAY_PUBLIC_PORT": str(public),
                **relay_environment(sandbox, f"http://127.0.0.1:{port}"),
                **settings,
            }
            await run_command(environment, "topics", "apply", "--yes")
            await run_command(environment, "db", "upgrade")
            file = folder / "connections.yaml"
            document = json.loads(json.dumps(dict(await client.connection()), default=str))
            file.write_text(yaml.safe_dump(document))
            await run_command(environment, "connections", "import", str(file), "--yes")
            used: Settings = read_settings(environment)
            async with wiring.opened_stores(used) as stores, wiring.opened_log(used) as log:
                connection_id = document["connections"][0]["id"]
                eyes = OperatorAtHand(connection_id, stores, log)
                world = World(client, CommandLine(environment, eyes, connection_id))
                installation = Installation(world, sandbox, traffic, stores, environment)
                for name, arguments, admin in (
                    ("receiver", ["serve"], admin_receiver),
                    ("consumers", ["consume"], admin_consumers),
                ):
                    installation.processes[name] = Process(
                        name,
                        arguments,
                        {**environment, "RELAY_ADMIN_PORT": str(admin)},
                        folder / f"{name}.log",
                        f"http://127.0.0.1:{admin}/readyz",
                    )
                try:
                    for process in installation.processes.values():
                        await process.start()
                    for process in installation.processes.values():
                        await process.ready()
                    await client.targets(
                        ghl=f"http://127.0.0.1:{public}/webhooks/ghl", xero=f"http://127.0.0.1:{public}/webhooks/xero"
                    )
                    yield installation
                finally:
                    for process in installation.processes.values():
                        await process.stop()


@dataclass
class Killer:
    """Kills a process at random instants, but only while work is under way; says how many kills hit some."""

    process: Process
    under_way: Callable[[], int]
    ended: Callable[[], int]
    chance: random.Random
    spared: int  # up to so many pieces of work get through between two kills, so that the kills spread
    within_s: float  # the kill falls at a random instant of so long a time after work was seen
    hits: int = 0

    async def run(self, done: asyncio.Event, most: int) -> None:
        """Kill until `done`, at most so often."""
        spare_until = self.ended()
        while not done.is_set() and self.hits < most:
            if self.ended() < spare_until or not self.under_way():
                await asyncio.sleep(0.005)
                continue
            await asyncio.sleep(self.chance.uniform(0, self.within_s))
            if self.under_way():
                await self.process.kill()
                self.hits += 1
                await self.process.ready()
                spare_until = self.ended() + self.chance.randint(1, self.spared)
