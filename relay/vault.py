"""Encrypts tokens at rest: Fernet keys, the first encrypts, all decrypt; so keys are rotated with an overlap.

Where the keys come from: `RELAY_ENCRYPTION_KEYS`; without it, one machine with the embedded log makes its own on the
first start, in `encryption.key` of the data folder. An installation with Kafka has several machines: it must be given.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from relay.settings import Settings, SettingsError

log = structlog.get_logger()

KEY_FILE: Final = "encryption.key"


class VaultError(Exception):
    """A key is no key, or none of ours opens a token: give the key back, or authorise again."""


class Vault:
    """Encrypts and decrypts with a list of keys. Knows no file and no setting."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take Fernet keys (32 bytes, urlsafe base64), the newest first.

        Raises:
            VaultError: there is none, or one is no Fernet key; its text is not repeated.
        """
        if not keys:
            raise VaultError("no encryption key: make one with `relay keys generate`")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise VaultError("an encryption key is no Fernet key: make one with `relay keys generate`") from error

    def encrypt(self, text: str) -> str:
        """Return the text encrypted under the first key; different each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Return the text of a token.

        Raises:
            VaultError: none of the keys opens it, or it was altered.
        """
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise VaultError("none of the encryption keys opens this token: is an old key missing?") from error

    def rotate(self, token: str) -> str:
        """Return the same text encrypted under the first key.

        Raises:
            VaultError: none of the keys opens it.
        """
        try:
            return self._fernet.rotate(token.encode()).decode()
        except InvalidToken as error:
            raise VaultError("none of the encryption keys opens this token: is an old key missing?") from error


def generate_key() -> str:
    """Return a new key."""
    return Fernet.generate_key().decode()


def vault_for(settings: Settings) -> Vault:
    """Return the vault of an installation; with the embedded log its key is made on the first start.

    Raises:
        SettingsError: no key and none may be made here, or what is set is no key.
    """
    if settings.encryption_keys:
        return _opened([key.get_secret_value() for key in settings.encryption_keys], "RELAY_ENCRYPTION_KEYS")
    if not settings.embedded:
        raise SettingsError(
            "RELAY_ENCRYPTION_KEYS is not set: with Kafka every machine needs the same keys; "
            "make one with `relay keys generate`"
        )
    path = settings.data_dir / KEY_FILE
    if not path.exists() and _created(path, generate_key()):
        log.warning("encryption_key.created", path=str(path), advice="back it up: without it no token can be read")
    return _opened(_lines(path), str(path))


def renew_key_file(settings: Settings) -> Vault:
    """Put a new key before the others of the data folder's file; return the vault that encrypts with it.

    For `relay keys rotate` where the keys are the relay's own; the old ones stay, a backup may need them.

    Raises:
        SettingsError: the keys are set by RELAY_ENCRYPTION_KEYS: a person must put the new one first there.
    """
    if settings.encryption_keys or not settings.embedded:
        raise SettingsError("put the new key before the others in RELAY_ENCRYPTION_KEYS, then rotate")
    path = settings.data_dir / KEY_FILE
    keys = [generate_key(), *(_lines(path) if path.exists() else [])]
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    _written(fresh, keys)
    fresh.replace(path)
    return _opened(keys, str(path))


def _opened(keys: Sequence[str], where: str) -> Vault:
    try:
        return Vault(keys)
    except VaultError as error:
        raise SettingsError(f"{where}: {error}") from error


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error


def _created(path: Path, key: str) -> bool:
    """Write a key file, whole or not at all; False when another process was faster: its key is the one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    _written(draft, [key])
    try:
        path.hardlink_to(draft)  # fails where the file is there, as no rename does
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _written(path: Path, keys: Sequence[str]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
