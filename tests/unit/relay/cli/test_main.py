import pytest

from relay import __version__
from relay.cli.output import CommandFailed


def test_the_version_is_the_packages(shell):
    answer = shell.run("--version")

    assert (answer.code, answer.out.strip()) == (0, __version__)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nonsense"], 2, "No such command"),
        (["topics", "apply", "--nonsense"], 2, "No such option"),
        (["connections", "show", "nobody"], 1, "relay connections list"),
        (["consume", "nobody"], 2, "invoice-push"),
        (["dead", "redrive"], 2, "--all"),
        (["demo", "--speed", "slow"], 2, "human"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(shell, arguments, code, words):
    answer = shell.run(*arguments)

    assert answer.code == code
    assert answer.err.startswith("relay: ")
    assert answer.err.count("\n") == 1
    assert words in answer.err


@pytest.mark.parametrize(
    "arguments", [["--debug", "connections", "show", "nobody"], ["connections", "show", "nobody", "--debug"]]
)
def test_debug_shows_the_traceback_wherever_it_stands(shell, arguments):
    with pytest.raises(CommandFailed, match="nobody"):
        shell.run(*arguments)


@pytest.mark.parametrize("group", [[], ["connections"], ["db"], ["dead"], ["keys"], ["parked"], ["topics"]])
def test_the_help_of_a_group_has_an_example(shell, group):
    assert "Example: relay " in shell.run(*group, "--help").out


def test_a_setting_that_is_none_is_named_and_the_nearest_suggested(shell, monkeypatch):
    monkeypatch.setenv("RELAY_XERO_WEBHOOK_KEY", "x")

    answer = shell.run("settings")

    assert answer.code == 2
    assert "RELAY_XERO_WEBHOOK_KEYS" in answer.err


def test_a_database_that_is_not_there_is_an_error_in_one_line(shell, monkeypatch):
    monkeypatch.setenv("RELAY_DATABASE_URL", "mysql://somewhere/else")

    answer = shell.run("status")

    assert answer.code in {1, 2}
    assert answer.err.count("\n") == 1
