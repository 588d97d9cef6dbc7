import pytest
import yaml


def test_an_imported_connection_is_listed_and_shown(shell):
    shell.connect("acme", default_account_code="200")

    listed = shell.run("connections", "list", "--json").document
    shown = shell.run("connections", "show", "acme", "--json").document

    assert [connection["id"] for connection in listed] == ["acme"]
    assert shown["settings"]["default_account_code"] == "200"


def test_tokens_never_leave_in_an_export(shell):
    shell.connect("acme", default_account_code="200")

    document = yaml.safe_load(shell.run("connections", "export").out)

    assert document["connections"][0]["settings"] == {"default_account_code": "200"}
    assert "grants" not in document["connections"][0]


def test_what_was_exported_can_be_imported_again_and_keeps_its_tokens(shell):
    shell.connect("acme", default_account_code="200")
    (shell.folder / "again.yaml").write_text(shell.run("connections", "export").out)

    answer = shell.run("connections", "import", "again.yaml", "--yes")

    assert answer.code == 0
    assert shell.run("status", "--json").document[0]["state"] == "in step"


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("default_account_code=090", "default_account_code", "090"),
        ("push_payments=true", "push_payments", True),
        ("rounding_limit=3", "rounding_limit", 3),
        ('tax_map={"a": "OUTPUT"}', "tax_map", {"a": "OUTPUT"}),
        ("contact_fields=[email, phone]", "contact_fields", ["email", "phone"]),
        ("invoice_number_prefix=CRM-", "invoice_number_prefix", "CRM-"),
        ("timezone=", "timezone", "UTC"),
    ],
)
def test_a_setting_is_changed_by_key_and_value(shell, change, key, value):
    shell.connect("acme")

    answer = shell.run("connections", "set", "acme", change)

    assert answer.code == 0, answer.err
    assert shell.run("connections", "show", "acme", "--json").document["settings"][key] == value


@pytest.mark.parametrize("change", ["nonsense=1", "push_payments", "edited_in_xero=perhaps"])
def test_a_setting_that_does_not_fit_changes_nothing(shell, change):
    shell.connect("acme")
    before = shell.run("connections", "show", "acme", "--json").document

    answer = shell.run("connections", "set", "acme", change)

    assert answer.code in {1, 2}
    assert shell.run("connections", "show", "acme", "--json").document == before


@pytest.mark.parametrize("text", ["- a", "connections: [{id: a}]", "connections: [{id: a, nonsense: b}]", "{"])
def test_a_file_that_is_none_is_refused_with_exit_code_2(shell, text):
    (shell.folder / "bad.yaml").write_text(text)

    assert shell.run("connections", "import", "bad.yaml", "--yes").code == 2


def test_a_file_that_is_not_there_is_named(shell):
    answer = shell.run("connections", "import", "missing.yaml", "--yes")

    assert answer.code == 2
    assert answer.err == "relay: cannot read missing.yaml: name a YAML file, or - for standard input\n"


def test_an_export_for_machines_says_the_same(shell):
    shell.connect("acme", default_account_code="200")

    document = shell.run("connections", "export", "--json").document

    assert document == yaml.safe_load(shell.run("connections", "export").out)


def test_an_import_shows_what_it_does_and_asks_nobody_where_nobody_is(shell):
    (shell.folder / "c.yaml").write_text(
        yaml.safe_dump({"connections": [{"id": "a", "name": "A", "location_id": "l", "tenant_id": "t"}]})
    )

    answer = shell.run("connections", "import", "c.yaml")

    assert answer.code == 0
    assert "a\tA\tl\tt\tkept" in answer.out
    assert [connection["id"] for connection in shell.run("connections", "list", "--json").document] == ["a"]
