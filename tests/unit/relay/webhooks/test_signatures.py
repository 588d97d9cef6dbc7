import base64

import pytest

from relay.settings import GHL_LEGACY_RSA_KEY, GHL_PUBLIC_KEY
from relay.webhooks.signatures import (
    KeyUnreadable,
    decoded,
    ed25519_fits,
    ed25519_keys,
    hmac_fits,
    rsa_fits,
    rsa_keys,
)
from tests.givens.webhooks import GHL_KEY, OTHER_GHL_KEY, RSA_KEY, ed25519, pem, rsa_sha256, xero_hmac

BODY = b'{"a":1.0}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(b"QUJD", b"ABC", id="whole groups"),
        pytest.param(b"QUI=", b"AB", id="padded"),
        pytest.param(b"QUJ=", None, id="unused bits set: the same bytes in another spelling"),
        pytest.param(b"QUI", None, id="padding missing"),
        pytest.param(b"QUJD====", None, id="padding too much"),
        pytest.param(b" QUJD", None, id="a space"),
        pytest.param(b"QU\nJD", None, id="a line break"),
        pytest.param(b"QU-_", None, id="the alphabet of URLs"),
        pytest.param(b"N/A", None, id="HighLevel's word for unsigned"),
        pytest.param("QÜJD".encode(), None, id="no ASCII"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_base64_is_read_in_its_one_canonical_spelling(text: bytes, value: bytes | None) -> None:
    assert decoded(text) == value


@pytest.mark.parametrize(
    ("signature", "fits"),
    [
        pytest.param(ed25519(BODY), True, id="by our vendor's key"),
        pytest.param(ed25519(BODY, OTHER_GHL_KEY), True, id="by the second key of the list"),
        pytest.param(ed25519(BODY + b" "), False, id="of another body"),
        pytest.param(ed25519(BODY)[:-2], False, id="without its padding"),
        pytest.param(base64.b64encode(base64.b64decode(ed25519(BODY))[:-1]), False, id="a byte short"),
        pytest.param(b"", False, id="empty"),
        pytest.param(b"N/A", False, id="unsigned"),
        pytest.param(rsa_sha256(BODY), False, id="of another kind"),
    ],
)
def test_an_ed25519_signature_fits_by_any_of_the_keys(signature: bytes, fits: bool) -> None:
    keys = ed25519_keys([pem(GHL_KEY), pem(OTHER_GHL_KEY)])

    assert ed25519_fits(keys, signature, BODY) is fits


@pytest.mark.parametrize(
    ("signature", "fits"),
    [
        pytest.param(rsa_sha256(BODY), True, id="by the key"),
        pytest.param(rsa_sha256(BODY + b" "), False, id="of another body"),
        pytest.param(b"", False, id="empty"),
        pytest.param(ed25519(BODY), False, id="of another kind"),
    ],
)
def test_an_rsa_signature_fits_by_any_of_the_keys(signature: bytes, fits: bool) -> None:
    assert rsa_fits(rsa_keys([pem(RSA_KEY)]), signature, BODY) is fits


@pytest.mark.parametrize(
    ("signature", "fits"),
    [
        pytest.param(xero_hmac(BODY, "first"), True, id="by the first key"),
        pytest.param(xero_hmac(BODY, "second"), True, id="by the second key"),
        pytest.param(xero_hmac(BODY, "third"), False, id="by a foreign key"),
        pytest.param(xero_hmac(BODY, "first").swapcase(), False, id="in other letters"),
        pytest.param(xero_hmac(BODY, "first") + b"=", False, id="with a character more"),
        pytest.param(b"", False, id="empty"),
        pytest.param("ü".encode(), False, id="no ASCII"),
    ],
)
def test_an_hmac_fits_by_any_of_the_keys(signature: bytes, fits: bool) -> None:
    assert hmac_fits([b"first", b"second"], signature, BODY) is fits


def test_without_keys_nothing_fits() -> None:
    assert not ed25519_fits((), ed25519(BODY), BODY)
    assert not rsa_fits((), rsa_sha256(BODY), BODY)
    assert not hmac_fits((), xero_hmac(BODY, ""), BODY)


def test_the_key_of_xero_is_its_text_and_is_not_decoded() -> None:
    text = base64.b64encode(b"looks like base64, is none")

    assert hmac_fits([text], xero_hmac(BODY, text.decode()), BODY)


@pytest.mark.parametrize("load", [ed25519_keys, rsa_keys])
@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_a_key_that_cannot_be_read_is_an_error_at_start_up(load: object, text: str) -> None:
    with pytest.raises(KeyUnreadable):
        load([text])


def test_a_key_of_the_other_kind_is_an_error_at_start_up() -> None:
    with pytest.raises(KeyUnreadable, match="no Ed25519"):
        ed25519_keys([pem(RSA_KEY)])
    with pytest.raises(KeyUnreadable, match="no RSA"):
        rsa_keys([pem(GHL_KEY)])


def test_the_published_keys_of_the_settings_can_be_read() -> None:
    assert len(ed25519_keys([GHL_PUBLIC_KEY])) == 1
    assert rsa_keys([GHL_LEGACY_RSA_KEY])[0].key_size == 4096
