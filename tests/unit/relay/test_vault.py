import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.settings import Settings, SettingsError
from relay.vault import KEY_FILE, Vault, VaultError, _created, generate_key, renew_key_file, vault_for

OLD, NEW = generate_key(), generate_key()


def settings(folder: Path, **given: Any) -> Settings:
    return Settings(**{"data_dir": folder / "data"} | given)


def test_a_text_comes_back_and_looks_different_each_time() -> None:
    vault = Vault([OLD])

    tokens = {vault.encrypt("secret é") for _ in range(2)}

    assert [vault.decrypt(token) for token in tokens] == ["secret é"] * 2
    assert not any("secret" in token for token in tokens)


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    token = Vault([OLD]).encrypt("secret")
    both = Vault([NEW, OLD])

    assert both.decrypt(token) == "secret"
    assert Vault([NEW]).decrypt(both.encrypt("secret")) == "secret"
    assert Vault([NEW]).decrypt(both.rotate(token)) == "secret"


@pytest.mark.parametrize("token", [Vault([OLD]).encrypt("secret"), "", "not a token", "é"])
def test_what_no_key_opens_is_an_error_that_repeats_nothing(token: str) -> None:
    for open_it in (Vault([NEW]).decrypt, Vault([NEW]).rotate):
        with pytest.raises(VaultError, match="none of the encryption keys") as caught:
            open_it(token)
        assert not token or token not in str(caught.value)


@pytest.mark.parametrize("keys", [[], ["short"], [OLD, "é" * 43 + "="]])
def test_what_is_no_key_is_refused_without_repeating_it(keys: list[str]) -> None:
    with pytest.raises(VaultError, match="relay keys generate") as caught:
        Vault(keys)

    assert not any(key in str(caught.value) for key in keys)


def test_keys_of_the_settings_are_used_in_their_order(tmp_path: Path) -> None:
    given = settings(tmp_path, encryption_keys=(SecretStr(NEW), SecretStr(OLD)))

    token = vault_for(given).encrypt("secret")

    assert Vault([NEW]).decrypt(token) == "secret"
    assert not given.data_dir.exists()


def test_a_setting_that_is_no_key_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RELAY_ENCRYPTION_KEYS"):
        vault_for(settings(tmp_path, encryption_keys=(SecretStr("short"),)))


def test_one_machine_makes_its_key_once_for_its_owner_alone_and_says_so(tmp_path: Path) -> None:
    given = settings(tmp_path)

    with capture_logs() as first:
        token = vault_for(given).encrypt("secret")
    with capture_logs() as second:
        assert vault_for(given).decrypt(token) == "secret"

    path = given.data_dir / KEY_FILE
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(given.data_dir.stat().st_mode)) == (0o600, 0o700)
    assert [(each["event"], each["log_level"]) for each in first] == [("encryption_key.created", "warning")]
    assert "back it up" in first[0]["advice"]
    assert path.read_text().strip() not in str(first)
    assert second == []
    assert list(given.data_dir.iterdir()) == [path]


def test_of_two_processes_that_start_at_once_both_use_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "data" / KEY_FILE

    made = [_created(path, key) for key in (OLD, NEW)]

    assert made == [True, False]
    assert path.read_text() == f"{OLD}\n"
    assert list(path.parent.iterdir()) == [path]


def test_with_kafka_a_key_must_be_given(tmp_path: Path) -> None:
    given = settings(tmp_path, kafka_bootstrap_servers="kafka-1:9092")

    with pytest.raises(SettingsError, match=r"RELAY_ENCRYPTION_KEYS.*relay keys generate"):
        vault_for(given)

    assert not given.data_dir.exists()


def test_a_key_file_that_was_spoilt_names_the_file(tmp_path: Path) -> None:
    given = settings(tmp_path)
    vault_for(given)
    (given.data_dir / KEY_FILE).write_text("spoilt")

    with pytest.raises(SettingsError, match=KEY_FILE):
        vault_for(given)


def test_a_renewed_file_encrypts_with_a_new_key_and_still_opens_what_was(tmp_path: Path) -> None:
    given = settings(tmp_path)
    before = vault_for(given)
    old_token = before.encrypt("secret")

    renewed = renew_key_file(given)

    assert renewed.decrypt(old_token) == vault_for(given).decrypt(renewed.encrypt("secret")) == "secret"
    with pytest.raises(VaultError):
        before.decrypt(renewed.encrypt("secret"))
    assert stat.S_IMODE((given.data_dir / KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("given", [{"encryption_keys": (SecretStr(OLD),)}, {"kafka_bootstrap_servers": "kafka-1:9092"}])
def test_keys_that_are_set_are_not_renewed_behind_ones_back(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="RELAY_ENCRYPTION_KEYS"):
        renew_key_file(settings(tmp_path, **given))
