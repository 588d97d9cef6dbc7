import os
from datetime import UTC, datetime

import pytest

from relay.cli import output
from relay.cli.output import CommandFailed


def test_a_table_is_plain_text_where_no_terminal_is(capsys):
    output.table("Things", ("name", "since"), [("a", datetime(2026, 11, 24, 12, 0, tzinfo=UTC)), (None, 3)])

    assert capsys.readouterr().out == "name\tsince\na\t2026-11-24 12:00:00\n-\t3\n"


def test_an_empty_table_says_what_to_do(capsys):
    output.table("Things", ("name",), [], empty="Nothing waits.")

    assert capsys.readouterr().out == "Nothing waits.\n"


def test_nobody_is_asked_where_nobody_can_answer(monkeypatch):
    with pytest.raises(CommandFailed, match="--yes"):
        output.agreed("Do it?", yes=False)


def test_what_may_be_done_again_is_done_where_nobody_can_be_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(output, "agreed", lambda question, yes: asked.append(question))

    output.agreed_if_asked("Do it?", yes=False)

    assert asked == []


def test_yes_answers_the_question():
    output.agreed("Do it?", yes=True)

    assert output.ATTENTION == 3


@pytest.mark.parametrize(("speak", "heard"), [(output.say, '"a"\n'), (output.show, '"\\"a\\""\n')], ids=["say", "show"])
def test_what_is_said_is_heard_at_once_through_a_pipe(monkeypatch, speak, heard):
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(writing, "w", encoding="utf-8") as buffered:
        monkeypatch.setattr("sys.stdout", buffered)

        speak('"a"')

        assert os.read(reading, 100).decode() == heard
    os.close(reading)
