import re

import pytest

from schemas.reasons import TEXTS, Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_text_in_sentences(reason: Reason) -> None:
    text = TEXTS[reason]

    assert re.match(r"[A-Z{]", text.words)
    assert text.words.endswith((".", "?"))
    assert "  " not in text.words


@pytest.mark.parametrize("reason", [reason for reason in Reason if TEXTS[reason].kind == "dead"])
def test_what_a_person_must_mend_has_a_button(reason: Reason) -> None:
    assert TEXTS[reason].button


@pytest.mark.parametrize("reason", [reason for reason in Reason if TEXTS[reason].kind == "skipped"])
def test_what_needs_nobody_has_no_button(reason: Reason) -> None:
    assert TEXTS[reason].button is None


@pytest.mark.parametrize("reason", [reason for reason in Reason if "nothing to do" in TEXTS[reason].words])
def test_who_is_told_that_there_is_nothing_to_do_gets_no_button(reason: Reason) -> None:
    assert TEXTS[reason].button is None


def test_a_reason_is_spelled_as_its_name() -> None:
    assert [reason.value for reason in Reason] == [reason.name.lower() for reason in Reason]
