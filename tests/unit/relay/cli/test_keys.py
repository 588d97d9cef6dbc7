from cryptography.fernet import Fernet


def test_a_generated_key_encrypts(shell):
    key = shell.run("keys", "generate").out.strip()

    assert Fernet(key).decrypt(Fernet(key).encrypt(b"token")) == b"token"


def test_rotating_encrypts_every_token_with_the_first_key(shell, monkeypatch):
    old, new = (shell.run("keys", "generate").out.strip() for _ in range(2))
    monkeypatch.setenv("RELAY_ENCRYPTION_KEYS", old)
    shell.connect()
    monkeypatch.setenv("RELAY_ENCRYPTION_KEYS", f"{new},{old}")

    rotated = shell.run("keys", "rotate", "--json").document
    monkeypatch.setenv("RELAY_ENCRYPTION_KEYS", new)
    status = shell.run("status", "--json")

    assert rotated == {"rotated": 2}
    assert status.code == 0


def test_a_key_of_our_own_is_renewed_and_old_tokens_stay_readable(shell):
    shell.connect()
    file = shell.folder / "data" / "encryption.key"
    before = file.read_text().splitlines()

    rotated = shell.run("keys", "rotate", "--json").document

    assert rotated == {"rotated": 2}
    assert file.read_text().splitlines()[1:] == before
    assert shell.run("status").code == 0
