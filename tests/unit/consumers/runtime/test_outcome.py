from datetime import timedelta

import pytest

from consumers.runtime.outcome import Dead, Done, Park, Retry, Scope, Skipped
from schemas.reasons import Reason
from tests.givens.runtime import NOW


@pytest.mark.parametrize(
    "outcome",
    [
        Done(),
        Skipped(Reason.TEST_MODE),
        Retry(timedelta(seconds=1), Reason.VENDOR_AWAY),
        Park(NOW, Reason.PAUSED),
        Dead(Reason.REFUSED),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_an_outcome_is_a_value_with_words_for_people(outcome):
    assert outcome.detail == ""
    assert hash(outcome) == hash(type(outcome)(**{name: getattr(outcome, name) for name in outcome.__slots__}))


def test_a_park_stops_its_subject_alone_unless_it_says_otherwise():
    assert Park(NOW, Reason.PAUSED).scope is Scope.SUBJECT
