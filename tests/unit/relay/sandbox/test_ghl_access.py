import pytest

from relay.sandbox.ghl_access import COMPANY_SCOPES, SCOPES, OAuthRefused
from relay.sandbox.ghl_errors import Refusal
from tests.givens.ghl_sandbox import CLIENT_ID, CLIENT_SECRET, COMPANY, highlevel

APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def test_a_refresh_token_works_once() -> None:
    access = highlevel().sandbox.access
    first = access.issue(COMPANY, "location")

    second = access.token({**APP, "grant_type": "refresh_token", "refresh_token": first.refresh_token})

    assert second.refresh_token != first.refresh_token
    assert access.bearer(f"Bearer {second.access_token}", "invoices.write").location_id == "location"
    with pytest.raises(OAuthRefused) as refused:
        access.token({**APP, "grant_type": "refresh_token", "refresh_token": first.refresh_token})
    assert (refused.value.status, refused.value.body["error"]) == (400, "invalid_grant")


def test_a_code_works_once_and_a_company_gets_a_companys_token() -> None:
    access = highlevel().sandbox.access
    code = access.code(COMPANY, None)

    token = access.token({**APP, "grant_type": "authorization_code", "code": code})

    assert (token.user_type, token.location_id) == ("Company", None)
    with pytest.raises(OAuthRefused):
        access.token({**APP, "grant_type": "authorization_code", "code": code})


def test_only_the_app_itself_gets_tokens() -> None:
    access = highlevel().sandbox.access
    token = access.issue(COMPANY, "location")

    with pytest.raises(OAuthRefused) as refused:
        access.token(
            {**APP, "client_secret": "no", "grant_type": "refresh_token", "refresh_token": token.refresh_token}
        )

    assert refused.value.status == 401
    assert access.token({**APP, "grant_type": "refresh_token", "refresh_token": token.refresh_token})


@pytest.mark.parametrize("form", [{}, APP, {**APP, "grant_type": "password"}])
def test_a_form_that_does_not_fit_is_422(form: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        highlevel().sandbox.access.token(form)

    assert refused.value.status == 422


def test_an_access_token_lives_a_day() -> None:
    ghl = highlevel()

    ghl.clock.advance(86_398)
    alive = ghl.sandbox.access.bearer(f"Bearer {ghl.token}", "contacts.write")
    ghl.clock.advance(1)

    assert alive.location_id == ghl.location.id
    with pytest.raises(Refusal, match="access token is invalid"):
        ghl.sandbox.access.bearer(f"Bearer {ghl.token}", "contacts.write")


def test_tokens_can_be_made_to_expire_and_refreshed() -> None:
    ghl = highlevel()
    token = ghl.sandbox.access.issue(COMPANY, ghl.location.id)

    ghl.sandbox.access.expire()

    with pytest.raises(Refusal):
        ghl.sandbox.access.bearer(f"Bearer {token.access_token}", "contacts.write")
    assert ghl.sandbox.access.token({**APP, "grant_type": "refresh_token", "refresh_token": token.refresh_token})


def test_a_revoked_location_has_no_token_left() -> None:
    ghl = highlevel()
    token = ghl.sandbox.access.issue(COMPANY, ghl.location.id)

    ghl.sandbox.access.revoke(ghl.location.id)

    with pytest.raises(OAuthRefused):
        ghl.sandbox.access.token({**APP, "grant_type": "refresh_token", "refresh_token": token.refresh_token})
    with pytest.raises(Refusal):
        ghl.sandbox.access.bearer(f"Bearer {token.access_token}", "contacts.write")


@pytest.mark.parametrize(
    ("location_id", "scopes", "scope", "words"),
    [
        ("location", ("contacts.readonly",), "invoices.write", "not authorized for this scope"),
        ("location", SCOPES, "oauth.write", "user type mismatch"),
        (None, COMPANY_SCOPES, "invoices.write", "authClass type is not allowed"),
    ],
)
def test_a_token_may_only_what_it_was_given(
    location_id: str | None, scopes: tuple[str, ...], scope: str, words: str
) -> None:
    access = highlevel().sandbox.access
    token = access.issue(COMPANY, location_id, scopes)

    with pytest.raises(Refusal, match=words) as refused:
        access.bearer(f"Bearer {token.access_token}", scope)

    assert refused.value.status == 401


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer unknown", "Basic abc"])
def test_without_a_good_token_nothing_goes(header: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        highlevel().sandbox.access.bearer(header, "contacts.readonly")

    assert refused.value.status == 401


def test_an_agency_gets_a_locations_token_for_its_own_company_only() -> None:
    access = highlevel().sandbox.access
    agency = access.issue(COMPANY, None, COMPANY_SCOPES)

    token = access.location_token(agency, COMPANY, "location")

    assert access.bearer(f"Bearer {token.access_token}", "invoices.write").location_id == "location"
    assert not [scope for scope in token.scopes if scope.startswith("oauth.")]
    with pytest.raises(Refusal) as refused:
        access.location_token(agency, "another company", "location")
    assert refused.value.status == 403


def test_an_answer_says_how_long_the_token_lives_and_for_whom() -> None:
    ghl = highlevel()

    answer = ghl.sandbox.access.answer(ghl.sandbox.access.issue(COMPANY, ghl.location.id))

    assert answer["expires_in"] == 86_399
    assert (answer["userType"], answer["locationId"], answer["companyId"]) == ("Location", ghl.location.id, COMPANY)
