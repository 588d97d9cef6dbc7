import pytest

from consumers.invoice_push.names import LONGEST_NAME, cleaned, comparable, contact_name, suffixed
from consumers.invoice_push.people import Person

ALL = Person(
    id="abcdefghij",
    name="sample customer",
    first_name="Sample",
    last_name="Customer",
    company="Example Holdings",
    email="customer@example.com",
    phone="+61 2 5550 0199",
    city="Sampleton",
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Sample\t\nCustomer ", "Sample Customer"),
        ("<b>Sample</b>", "(b)Sample(/b)"),
        ("Sa\u200bmple", "Sample"),
        ("e\u0301", "\u00e9"),
        (None, ""),
        ("x" * 300, "x" * 255),
    ],
)
def test_text_is_cleaned_so_that_xero_takes_it(text: str | None, clean: str) -> None:
    assert cleaned(text) == clean


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{company|name}", "Example Holdings"),
        ("{name|company}", "Sample Customer"),
        ("{last}, {first}", "Customer, Sample"),
        ("{company} ({name})", "Example Holdings (Sample Customer)"),
        ("{name} ({name})", "Sample Customer"),
        ("{city} {id}", "Sampleton abcdefghij"),
        ("{email} {phone}", "customer@example.com +61 2 5550 0199"),
        ("{unknown}", "Example Holdings"),
    ],
)
def test_a_format_is_filled(template: str, name: str) -> None:
    assert contact_name(ALL, template) == name


@pytest.mark.parametrize(
    ("person", "template", "name"),
    [
        pytest.param(Person("id", first_name="Ann"), "{company} ({first} {last})", "Ann", id="no company"),
        pytest.param(Person("id", company="Acme"), "{company} - {name}", "Acme", id="a separator at the end"),
        pytest.param(Person("id", company="Acme"), "{company} ({name})", "Acme", id="empty brackets"),
        pytest.param(Person("id", name="(Ann) and (Bob)"), "{name}", "(Ann) and (Bob)", id="two brackets are kept"),
        pytest.param(Person("id", email="a@b.example"), "{company|name}", "a@b.example", id="nothing but an e-mail"),
        pytest.param(Person("id"), "{company|name}", "Contact id", id="nothing at all"),
        pytest.param(Person("id", name="n" * 300), "{name}", "n" * LONGEST_NAME, id="too long"),
    ],
)
def test_empty_parts_leave_nothing_behind(person: Person, template: str, name: str) -> None:
    assert contact_name(person, template) == name


def test_two_spellings_of_one_name_compare_equal() -> None:
    assert comparable("SAMPLE  Customer") == comparable("sample customer")
    assert comparable("\ufb01ne") == comparable("fine")


def test_a_taken_name_is_told_apart_by_company_city_and_id() -> None:
    assert suffixed("Sample Customer", ALL) == [
        "Sample Customer (Example Holdings)",
        "Sample Customer (Sampleton)",
        "Sample Customer (efghij)",
        "Sample Customer (abcdefghij)",
    ]
    assert suffixed("Example Holdings", ALL)[0] == "Example Holdings (Sampleton)"
    assert all(len(name) <= LONGEST_NAME for name in suffixed("n" * 255, ALL))
