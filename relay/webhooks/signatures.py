"""Whether a body carries the signature of one of our keys: over the raw bytes, with every key tried.

Base64 is read strictly, and only in its one canonical spelling: an altered text is an altered signature.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key


class KeyUnreadable(ValueError):
    """A configured key is no PEM of the wanted kind: the setting must be mended."""


def decoded(signature: bytes) -> bytes | None:
    """Return the bytes of a base64 text, None for anything but its canonical spelling."""
    try:
        raw = binascii.a2b_base64(signature, strict_mode=True)
    except ValueError:
        return None
    # strict mode lets the unused bits of the last character pass
    return raw if base64.b64encode(raw) == signature else None


def ed25519_keys(pems: Sequence[str]) -> tuple[Ed25519PublicKey, ...]:
    """Return the keys of PEM texts.

    Raises:
        KeyUnreadable: a text is no Ed25519 public key.
    """
    keys = tuple(_load(pem) for pem in pems)
    if wrong := [key for key in keys if not isinstance(key, Ed25519PublicKey)]:
        raise KeyUnreadable(f"{type(wrong[0]).__name__} is no Ed25519 key")
    return tuple(key for key in keys if isinstance(key, Ed25519PublicKey))


def rsa_keys(pems: Sequence[str]) -> tuple[RSAPublicKey, ...]:
    """Return the keys of PEM texts.

    Raises:
        KeyUnreadable: a text is no RSA public key.
    """
    keys = tuple(_load(pem) for pem in pems)
    if wrong := [key for key in keys if not isinstance(key, RSAPublicKey)]:
        raise KeyUnreadable(f"{type(wrong[0]).__name__} is no RSA key")
    return tuple(key for key in keys if isinstance(key, RSAPublicKey))


def _load(pem: str) -> object:
    try:
        return load_pem_public_key(pem.encode("ascii"))
    except ValueError as error:
        raise KeyUnreadable(f"no PEM of a public key: {error}") from error


def ed25519_fits(keys: Sequence[Ed25519PublicKey], signature: bytes, body: bytes) -> bool:
    """Return whether the base64 text is an Ed25519 signature of the body by one of the keys."""
    raw = decoded(signature)
    return raw is not None and any([_ed25519(key, raw, body) for key in keys])  # noqa: C419 - every key is tried


def _ed25519(key: Ed25519PublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body)
    except InvalidSignature:
        return False
    return True


def rsa_fits(keys: Sequence[RSAPublicKey], signature: bytes, body: bytes) -> bool:
    """Return whether the base64 text is an RSA PKCS#1 v1.5 SHA-256 signature of the body by one of the keys."""
    raw = decoded(signature)
    return raw is not None and any([_rsa(key, raw, body) for key in keys])  # noqa: C419 - every key is tried


def _rsa(key: RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def hmac_fits(keys: Sequence[bytes], signature: bytes, body: bytes) -> bool:
    """Return whether the text is the base64 of the body's HMAC-SHA256 under one of the keys, in constant time."""
    texts = [binascii.b2a_base64(hmac.digest(key, body, "sha256"), newline=False) for key in keys]
    matches = [hmac.compare_digest(text, signature) for text in texts]
    return any(matches)  # every key was tried: the time taken does not say which one fits
