def test_settings_are_shown_with_their_source_and_secrets_masked(shell, monkeypatch):
    monkeypatch.setenv("RELAY_XERO_WEBHOOK_KEYS", "very-secret")
    (shell.folder / ".env").write_text("RELAY_PUBLIC_PORT=9999\n")

    rows = {row["name"]: row for row in shell.run("settings", "--json").document}

    assert (rows["RELAY_XERO_WEBHOOK_KEYS"]["value"], rows["RELAY_XERO_WEBHOOK_KEYS"]["source"]) == (
        "********",
        "environment",
    )
    assert (rows["RELAY_PUBLIC_PORT"]["value"], rows["RELAY_PUBLIC_PORT"]["source"]) == ("9999", ".env")
    assert rows["RELAY_MAX_IN_FLIGHT"]["source"] == "default"


def test_the_reference_names_every_setting(shell):
    answer = shell.run("settings", "--reference")

    assert "| `RELAY_XERO_WEBHOOK_KEYS` |" in answer.out
