import re

import pytest

from relay.upstream import errors


def tree(root: type[Exception]) -> list[type[Exception]]:
    return [found for child in root.__subclasses__() for found in (child, *tree(child))]


def test_the_drawing_shows_every_error() -> None:
    drawn = re.findall(r"── (\w+)", errors.__doc__ or "")

    assert sorted(drawn) == sorted(error.__name__ for error in tree(errors.UpstreamError))


def test_every_drawn_error_names_its_outcome() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if "── " in line]

    assert all(" -> " in line for line in lines)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.Refused(("Invoice # must be unique.", "No lines")), "Invoice # must be unique.; No lines"),
        (errors.Refused((), 418), "answered 418 without words"),
    ],
)
def test_a_refusal_says_the_vendors_words(error: errors.Refused, words: str) -> None:
    assert str(error) == words


def test_a_used_key_is_a_refusal_that_can_be_told_apart() -> None:
    error = errors.KeyReused(("used",))

    assert isinstance(error, errors.Refused)
    assert error.reason == errors.Refused.reason
