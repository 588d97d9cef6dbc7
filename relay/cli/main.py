"""The command line's frame: one application, exit codes, one-line errors, a traceback only with `--debug`."""

import sys
from typing import Annotated

import typer

from relay import __version__
from relay.cli import (
    connections,
    consume,
    db,
    dead,
    demo,
    keys,
    parked,
    sandbox,
    serve,
    settings,
    status,
    topics,
    trace,
    up,
)
from relay.cli.output import CommandFailed
from relay.log.errors import LogError
from relay.settings import SettingsError
from relay.store.errors import StoreError
from relay.telemetry.logs import configure_logs
from relay.vault import VaultError

INTERRUPTED = 130
USAGE = 2
DEBUG = "--debug"

app = typer.Typer(
    name="relay",
    help="Keeps HighLevel invoices and Xero books in step.",
    epilog="Example: relay demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (connections, db, dead, keys, parked, topics):
    app.add_typer(command.app)
for module in (consume, demo, sandbox, serve, settings, status, trace, up):
    module.add_to(app)


@app.callback(invoke_without_command=True)
def _frame(
    context: typer.Context,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    # to stderr; a long-running command chooses its own
    if debug:
        configure_logs("debug", None)
    else:
        configure_logs("error", None, libraries="critical")  # what fails comes back as an error, told in one line
    context.obj = {"debug": debug}
    if version:
        typer.echo(__version__)
        raise typer.Exit


def run() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(arguments: list[str]) -> int:
    """Run a command and return its exit code; errors are one line on stderr. `--debug` may stand anywhere."""
    debug = [DEBUG] if DEBUG in arguments else []
    arguments = [argument for argument in arguments if argument != DEBUG]
    try:
        return int(app([*debug, *arguments], standalone_mode=False) or 0)
    except typer.Exit as ended:
        return ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return _failed("interrupted", INTERRUPTED)
    except typer.TyperException as error:
        return _failed(f"{error}; see: relay {' '.join(arguments[:1])} --help", USAGE)
    except (CommandFailed, SettingsError, LogError, StoreError, VaultError, OSError, BaseExceptionGroup) as error:
        if debug:
            raise
        return _failed(*_told(error))


def _told(error: BaseException) -> tuple[str, int]:
    """Return the words of an error, and the exit code it means."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case CommandFailed():
            return str(error), error.exit_code
        case SettingsError():
            return str(error), USAGE
        case _:
            return f"{error or type(error).__name__} (--debug shows where)", 1


def _failed(words: str, code: int) -> int:
    sys.stderr.write(f"relay: {words}\n")
    return code
