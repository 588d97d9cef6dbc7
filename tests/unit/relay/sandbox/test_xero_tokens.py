import pytest

from relay.clock import FakeClock
from relay.sandbox.xero import numbered_ids
from relay.sandbox.xero_errors import Refusal
from relay.sandbox.xero_tokens import InvalidGrantError, TokenPair, Tokens


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tokens(clock: FakeClock) -> Tokens:
    return Tokens(clock, numbered_ids("seed"))


@pytest.fixture
def first(tokens: Tokens) -> TokenPair:
    return tokens.issue("owner", ["t-1", "t-2"], ["offline_access", "accounting.invoices"])


def works(tokens: Tokens, token: str | None) -> bool:
    try:
        tokens.refresh(token or "")
    except InvalidGrantError:
        return False
    return True


def test_an_access_token_opens_the_door_for_30_minutes(clock: FakeClock, tokens: Tokens, first: TokenPair) -> None:
    grant = tokens.grant_of(f"Bearer {first.access_token}")
    clock.advance(1800)

    assert (grant.user, "accounting.invoices" in grant.scopes, first.expires_in) == ("owner", True, 1800)
    with pytest.raises(Refusal, match=r"TokenExpired: token expired at 11/24/2026 12:30:00"):
        tokens.grant_of(f"Bearer {first.access_token}")


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic abc", ""])
def test_an_unknown_token_is_told_nothing_more(tokens: Tokens, header: str | None) -> None:
    with pytest.raises(Refusal, match="AuthenticationUnsuccessful"):
        tokens.grant_of(header)


def test_a_refresh_rotates(tokens: Tokens, first: TokenPair) -> None:
    second = tokens.refresh(first.refresh_token or "")

    assert second.refresh_token != first.refresh_token
    assert tokens.grant_of(f"Bearer {second.access_token}") == tokens.grant_of(f"Bearer {first.access_token}")


def test_the_previous_token_works_30_more_minutes_from_its_first_use(
    clock: FakeClock, tokens: Tokens, first: TokenPair
) -> None:
    tokens.refresh(first.refresh_token or "")
    clock.advance(29 * 60)
    assert works(tokens, first.refresh_token)
    clock.advance(60)

    assert not works(tokens, first.refresh_token)


def test_the_one_whose_answer_was_lost_ends_as_well(clock: FakeClock, tokens: Tokens, first: TokenPair) -> None:
    lost = tokens.refresh(first.refresh_token or "")
    kept = tokens.refresh(first.refresh_token or "")
    clock.advance(1800)

    assert [works(tokens, pair.refresh_token) for pair in (lost, kept)] == [False, True]


def test_a_refresh_token_lives_60_days(clock: FakeClock, tokens: Tokens, first: TokenPair) -> None:
    clock.advance(60 * 86_400)

    assert not works(tokens, first.refresh_token)


def test_without_offline_access_there_is_nothing_to_refresh(tokens: Tokens) -> None:
    assert tokens.issue("owner", [], ["accounting.invoices"]).refresh_token is None


def test_organisations_are_connected_once_per_user(tokens: Tokens, first: TokenPair) -> None:
    tokens.issue("owner", ["t-2", "t-3"], ["accounting.invoices"])
    tokens.issue("other", ["t-1"], ["accounting.invoices"])

    assert (tokens.connected("owner"), tokens.connected("other")) == ({"t-1", "t-2", "t-3"}, {"t-1"})
    assert len(tokens.connections) == 4


def test_an_organisation_that_disconnects_is_gone_for_everybody(tokens: Tokens, first: TokenPair) -> None:
    tokens.disconnect("t-1")

    assert tokens.connected("owner") == {"t-2"}


def test_revoking_ends_tokens_and_connections(tokens: Tokens, first: TokenPair) -> None:
    tokens.revoke("unknown")
    tokens.revoke(first.refresh_token or "")

    assert (works(tokens, first.refresh_token), tokens.connected("owner")) == (False, set())
    with pytest.raises(Refusal):
        tokens.grant_of(f"Bearer {first.access_token}")


def test_all_access_tokens_can_be_ended(tokens: Tokens, first: TokenPair) -> None:
    tokens.expire_access_tokens()

    with pytest.raises(Refusal, match="TokenExpired"):
        tokens.grant_of(f"Bearer {first.access_token}")
