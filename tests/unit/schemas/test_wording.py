import re

import pytest

from schemas.reasons import TEXTS, Reason
from schemas.wording import words, words_for_others


@pytest.mark.parametrize("reason", Reason)
def test_without_any_fact_a_text_still_reads(reason: Reason) -> None:
    for text in (words(reason), words_for_others(reason)):
        assert re.match(r"[A-Z].*[.?]$", text)
        assert not re.search(r"[{}]|  | [,.:;]|\(\)|None|\. [a-z]", text)


@pytest.mark.parametrize("reason", Reason)
def test_with_every_fact_it_is_the_text_of_the_catalogue(reason: Reason) -> None:
    names = set(re.findall(r"{(\w+)}", TEXTS[reason].words))

    assert words(reason, **{name: f"{{{name}}}" for name in names}) == TEXTS[reason].words


def test_known_facts_are_put_in_and_missing_ones_stood_in_for() -> None:
    assert words(Reason.TOTAL_DIFFERS, crm="HighLevel", a="110.00", b="110.01") == (
        "Xero totals 110.00, HighLevel says 110.01: they are apart. "
        "Check tax and discount of the marked lines, mend the mapping, send again."
    )
    assert words(Reason.NO_LINES, number=None) == "This document has no lines. Add one in the CRM and save."


@pytest.mark.parametrize("fact", ["{crm}", "{0}", "a  b .", "\\1", "{"])
def test_a_fact_is_put_in_as_it_is(fact: str) -> None:
    assert words(Reason.NO_LINES, number=fact).startswith(f"{fact} has no lines.")


def test_who_does_not_run_the_relay_is_not_told_to() -> None:
    assert "RELAY_ENCRYPTION_KEYS" in words(Reason.KEY_MISSING)
    assert words_for_others(Reason.KEY_MISSING) == "This service needs its operator. Your changes wait safely."
