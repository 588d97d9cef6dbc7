from hypothesis import given
from hypothesis import strategies as st

from relay.log.sqlite.packing import packed, unpacked

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=200)), max_size=12).map(tuple))
def test_headers_come_back_as_they_were(headers: tuple[tuple[str, bytes], ...]) -> None:
    assert unpacked(packed(headers)) == headers


def test_no_headers_take_no_bytes() -> None:
    assert packed(()) == b""
