"""A process of ours: from its signals to its last flush. Every part is opened in order, and closed in reverse."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import structlog
import uvloop

from relay.cli import wiring
from relay.cli.output import CommandFailed
from relay.log.ports import Log
from relay.serving import App, served
from relay.settings import Settings
from relay.telemetry.health import Check, Health, watch_loop_lag
from relay.telemetry.logs import configure_logs
from relay.webhooks.intake import Bounds
from relay.webhooks.receiver import Receiver
from relay.webhooks.vendors import vendors

log = structlog.get_logger()

READ_DEADLINE_S: Final = 10.0  # a sender slower than that holds a place for nothing


def run_process(work: Callable[[Settings, asyncio.Event], Awaitable[None]], *, as_json: bool = False) -> None:
    """Run until SIGTERM or SIGINT, which set the event: then finish what is in flight and leave.

    `as_json` makes the logs JSON whatever the settings say.
    """
    settings = wiring.settings()
    configure_logs(settings.log_level, "json" if as_json else settings.log_format)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await work(settings, stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


@asynccontextmanager
async def serving(app: App, host: str, port: int, setting: str) -> AsyncIterator[int]:
    """Serve while inside.

    Raises:
        CommandFailed: the port cannot be taken; names the setting that chooses it.
    """
    try:
        server = served(app, host, port)
        bound = await server.__aenter__()
    except OSError as error:
        raise CommandFailed(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with {setting}"
        ) from error
    try:
        yield bound
    finally:
        await server.__aexit__(None, None, None)


@asynccontextmanager
async def administered(settings: Settings, checks: Mapping[str, Check]) -> AsyncIterator[None]:
    """Serve metrics and health while inside, and measure the loop's lag."""
    health = Health(checks)
    async with (
        serving(health, settings.admin_host, settings.admin_port, "RELAY_ADMIN_PORT") as port,
        asyncio.TaskGroup() as tasks,
    ):
        watch = tasks.create_task(watch_loop_lag(wiring.CLOCK))
        log.info("admin.started", port=port)
        yield
        watch.cancel()


@asynccontextmanager
async def receiving(settings: Settings, opened: Log) -> AsyncIterator[int]:
    """Take deliveries while inside; yields the port."""
    receiver = Receiver(
        vendors=vendors(settings),
        publisher=opened.publisher,
        clock=wiring.CLOCK,
        bounds=Bounds(
            max_body_bytes=settings.max_body_bytes,
            max_in_flight=settings.max_in_flight,
            max_bytes_in_flight=max(settings.max_bytes_in_flight, settings.max_body_bytes),
            read_deadline_s=READ_DEADLINE_S,
        ),
        ack_deadline_s=settings.ack_deadline_s,
        ready=opened.publisher.ready,
    )
    async with serving(receiver, settings.public_host, settings.public_port, "RELAY_PUBLIC_PORT") as port:
        log.info("receiver.started", port=port)
        yield port
