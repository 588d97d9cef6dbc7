"""How commands speak: a table for people on a terminal, plain text elsewhere, JSON for machines."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

ATTENTION: Final = 3  # exit code: found something that needs attention

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
JsonLogsFlag = Annotated[
    bool, typer.Option("--json", help="Log JSON lines for machines, whatever RELAY_LOG_FORMAT says.")
]
YesFlag = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class CommandFailed(Exception):
    """A command cannot do what it was asked; the text says why, and what to do."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def show(document: Any) -> None:
    """Print one JSON document."""
    say(orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2).decode())


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "Nothing.") -> None:
    """Print rows for people; tab-separated where no terminal is."""
    if not rows:
        say(empty)
    elif sys.stdout.isatty():
        drawn = Table(*columns, title=title, title_justify="left")
        for row in rows:
            drawn.add_row(*(_cell(value) for value in row))
        Console().print(drawn)
    else:
        sys.stdout.writelines("\t".join(_cell(value) for value in row) + "\n" for row in [columns, *rows])


def say(line: str) -> None:
    """Print one line for people; whoever reads it through a pipe has it at once, from a command that stays up too."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def progress(line: str) -> None:
    """Tell how far a command is, on stderr: a pipe of its result stays clean."""
    sys.stderr.write(line + "\n")


def facts(values: Mapping[str, object]) -> None:
    """Print names and values below each other."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        say(f"{name:<{width}}  {_cell(value)}")


def agreed(question: str, *, yes: bool) -> None:
    """Ask before a deed; `--yes` answers. Ends the command where nobody can be asked.

    Raises:
        CommandFailed: no terminal and no `--yes`.
        typer.Abort: the answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandFailed("nobody can be asked here: add --yes after reading the preview", exit_code=2)
    typer.confirm(question, abort=True)


def agreed_if_asked(question: str, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere go on, for deeds that may be done again and take nothing away.

    Raises:
        typer.Abort: the answer was no.
    """
    if sys.stdin.isatty():
        agreed(question, yes=yes)


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return str(value)
