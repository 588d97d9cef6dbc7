from datetime import UTC, datetime, timedelta

import pytest

from consumers.runtime.failures import IN_PLACE_TRIES, RECHECK, busy, outcome_of, reason_of
from consumers.runtime.outcome import Dead, Outcome, Park, Retry, Scope
from relay.upstream import errors
from relay.upstream.errors import NotFound, OutcomeUnknown, Refused, Throttled, Unauthorised, Unavailable
from schemas.reasons import Reason

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CONNECTION, SUBJECT = Scope.CONNECTION, Scope.SUBJECT


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(Refused(("Odd words",)), Dead(Reason.REFUSED, "Odd words", "link-1"), id="refused"),
        pytest.param(NotFound("gone"), Park(NOW + RECHECK, Reason.ACCESS_IN_DOUBT, "gone", SUBJECT), id="not found"),
        pytest.param(
            Unauthorised("revoked"),
            Park(NOW + RECHECK, Reason.AUTHORISATION_EXPIRED, "revoked", CONNECTION),
            id="unauthorised",
        ),
        pytest.param(
            Throttled("day", 4000, Reason.BUDGET_USED_UP),
            Park(after(4000), Reason.BUDGET_USED_UP, "day", CONNECTION),
            id="throttled for a time",
        ),
        pytest.param(
            Throttled("app", None, Reason.APP_LIMIT),
            Park(after(5), Reason.APP_LIMIT, "app", CONNECTION),
            id="throttled for an unsaid time",
        ),
        pytest.param(Unavailable("503"), Retry(timedelta(seconds=1), Reason.VENDOR_AWAY, "503"), id="unavailable"),
        pytest.param(
            OutcomeUnknown("lost"), Retry(timedelta(seconds=2), Reason.OUTCOME_UNKNOWN, "lost"), id="outcome unknown"
        ),
    ],
)
def test_an_error_has_one_outcome(error: errors.UpstreamError, outcome: Outcome) -> None:
    assert outcome_of(error, NOW, 0, "link-1") == outcome


def test_a_vendor_that_stays_away_parks_the_connection_for_longer_and_longer() -> None:
    outcomes = [outcome_of(Unavailable("503"), NOW, attempts) for attempts in range(IN_PLACE_TRIES + 30)]

    retries = [one.after for one in outcomes if isinstance(one, Retry)]
    parks = [one.until for one in outcomes if isinstance(one, Park) and one.scope is CONNECTION]
    assert len(retries) == IN_PLACE_TRIES
    assert len(parks) == 30
    assert retries == sorted(retries)
    assert parks == sorted(parks)
    assert parks[-1] == NOW + timedelta(minutes=15)


def test_an_unknown_outcome_is_looked_into_while_its_key_still_lives() -> None:
    waits = [outcome_of(OutcomeUnknown("lost"), NOW, attempts) for attempts in (0, 3, 50)]

    assert all(isinstance(one, Retry) and one.after <= timedelta(seconds=30) for one in waits)


def test_every_error_of_the_vendors_has_an_outcome() -> None:
    leaves = [Refused(()), errors.KeyReused(("used",)), NotFound("x"), Unauthorised("x"), Throttled("x", 1)]
    leaves += [Unavailable("x"), OutcomeUnknown("x")]

    assert {type(leaf) for leaf in leaves} >= set(errors.UpstreamError.__subclasses__())
    assert all(outcome_of(leaf, NOW, 0) for leaf in leaves)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("The document date cannot be before the period lock date, currently set at 31 March", Reason.PERIOD_LOCKED),
        ("You have reached the limit of invoices you can approve", Reason.APPROVAL_LIMIT),
        ("Invoice # must be unique.", Reason.NUMBER_TAKEN),
        ("The contact name X is already assigned to another contact.", Reason.CONTACT_NAME_TAKEN),
        ("The contact X is archived and cannot be used", Reason.CONTACT_ARCHIVED),
        ("Organisation is not subscribed to currency EUR", Reason.CURRENCY_NOT_SUBSCRIBED),
        ("The TaxType code 'X' cannot be used with account code '200'", Reason.TAX_ACCOUNT_MISMATCH),
        ("The TaxType code 'X' does not exist or is not active", Reason.TAX_NOT_MAPPED),
        ("Account code '299' has been archived, or deleted.", Reason.ACCOUNT_UNUSABLE),
        ("Payment amount exceeds the amount outstanding on this document", Reason.PAYMENT_TOO_LARGE),
        (
            "This document cannot be edited as it has a payment or credit note allocated to it.",
            Reason.PAID_CANNOT_CHANGE,
        ),
        ("Something new", Reason.REFUSED),
    ],
)
def test_known_words_have_a_reason_of_their_own(words: str, reason: Reason) -> None:
    assert reason_of(["Something else", words]) is reason


def test_a_lease_that_is_taken_is_asked_for_soon_and_then_less_often():
    waits = [busy(attempts).total_seconds() for attempts in range(6)]

    assert waits == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
