import json
from typing import Any

import pytest

from relay.webhooks.bodies import UNREADABLE, elements, identifier, read
from schemas.money import loads


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":[1,2.5,null,true]}', id="JSON"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="behind a byte order mark"),
        pytest.param(b'{"a":"\\ud83d"}', id="half a surrogate pair"),
        pytest.param(b'{"a":NaN}', id="no number"),
    ],
)
def test_what_consumers_can_read_is_read(body: bytes) -> None:
    assert set(read(body)) == set(loads(body))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"nul", b'{"a":1}x'])
def test_what_is_no_json_is_unreadable_and_raises_nothing(body: bytes) -> None:
    assert read(body) is UNREADABLE
    assert elements(body, "events") is None


def test_numbers_beyond_reason_are_read() -> None:
    body = b'{"events":[' + b"9" * 100_000 + b"]}"

    assert [element.raw for element in elements(body, "events") or []] == [b"9" * 100_000]


@pytest.mark.parametrize("depth", [500, 900, 1000, 1100, 5000])
def test_an_array_nested_deeply_is_cut_or_left_whole(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth

    found = elements(b'{"events":[' + nested + b"]}", "events")

    assert found is None or [element.raw for element in found] == [nested]


@pytest.mark.parametrize(
    ("text", "raws"),
    [
        ('{"events":[]}', []),
        ('{"events":[ ]}', []),
        (' { "x" : "events" , "events" : [ 1 , "a,b]" , {"events":[2]} ] } ', ["1", '"a,b]"', '{"events":[2]}']),
        ('{"\\u0065vents":["ü",-1.50e+3]}', ['"ü"', "-1.50e+3"]),
        ('{"events":[[],[[]]]}', ["[]", "[[]]"]),
    ],
)
def test_elements_are_cut_as_they_stand(text: str, raws: list[str]) -> None:
    found = elements(text.encode(), "events")

    assert found is not None
    assert [element.raw.decode() for element in found] == raws
    assert [json.loads(element.raw) for element in found] == json.loads(text)["events"]


@pytest.mark.parametrize(
    "text", ["[]", "1", '"events"', "{}", '{"events":{}}', '{"events":"x"}', '{"x":{"events":[]}}']
)
def test_without_an_array_in_the_field_there_are_no_elements(text: str) -> None:
    assert elements(text.encode(), "events") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", "abc"),
        ("Ünï-1_2.3", "Ünï-1_2.3"),
        (12, "12"),
        (1.5, "1.5"),
        ("", ""),
        ("  ", ""),
        (None, ""),
        (True, ""),
        ([], ""),
        ({"a": 1}, ""),
        ("a\nb", ""),
        ("a\x00", ""),
        ("\ud83d", ""),
        ("x" * 200, "x" * 200),
        ("x" * 201, ""),
    ],
)
def test_an_id_is_a_short_text_that_prints(value: Any, text: str) -> None:
    assert identifier(value) == text
