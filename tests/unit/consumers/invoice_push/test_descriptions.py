import pytest

from consumers.invoice_push.descriptions import LONGEST, description, plain_text


@pytest.mark.parametrize(
    ("formatted", "plain"),
    [
        pytest.param("Just   words", "Just words", id="spaces collapse"),
        pytest.param("<p>One</p><p>Two<br>Three</p>", "One\nTwo\nThree", id="blocks are lines"),
        pytest.param("<ul><li>A &amp; B</li><li></li><li>C&nbsp;D</li></ul>", "- A & B\n- C D", id="items, entities"),
        pytest.param("<script>alert(1)</script>Text<style>p{}</style>", "Text", id="what is not shown"),
        pytest.param("One\r\n\r\n\tTwo", "One\nTwo", id="plain lines stay, empty ones go"),
        pytest.param("a < b", "a < b", id="no tag"),
        pytest.param("zero\u200bwidth\x07", "zerowidth", id="what cannot be seen"),
    ],
)
def test_formatted_text_becomes_plain(formatted: str, plain: str) -> None:
    assert plain_text(formatted) == plain


@pytest.mark.parametrize(
    ("name", "details", "figures", "text"),
    [
        ("Care", "<b>Monthly</b>", None, "Care\nMonthly"),
        ("Care", "Care", None, "Care"),
        ("", "", None, "Item 3"),
        ("", "Monthly", "2 x 5", "Monthly\n2 x 5"),
    ],
)
def test_a_line_says_its_name_its_text_and_its_figures(name: str, details: str, figures: str | None, text: str) -> None:
    assert description(name, details, 3, figures) == text


def test_the_text_is_cut_but_never_the_figures() -> None:
    text = description("n" * 5000, "", 1, "2 x 5")

    assert len(text) == LONGEST
    assert text.endswith("\n2 x 5")
