"""Many elements in one request: ids in blocks, answers in pages, writes in batches that are answered one by one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from relay.upstream.call import Caller, Request
from relay.upstream.errors import OutcomeUnknown
from relay.upstream.ports import ElementRefused, Json
from relay.upstream.xero.replies import elements, refused
from schemas import money

T = TypeVar("T")

BLOCK: Final = 40  # ids in one address: the longest Xero takes is not documented
BATCH: Final = 50  # elements of one write: developer.xero.com, "API limits"
PAGE: Final = 100
MAX_PAGES: Final = 20  # a look-up that finds 2,000 was no look-up: what it found first will do


def encoded(*values: str) -> str:
    """Return values for an address, parted by commas."""
    return ",".join(quote(value, safe="") for value in values)


def blocks(values: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield the values, each once, as many as one address may hold."""
    once = list(dict.fromkeys(values))
    for start in range(0, len(once), BLOCK):
        yield once[start : start + BLOCK]


async def all_pages(
    caller: Caller, request: Callable[[int], Request], read: Callable[[Any], Sequence[T]]
) -> Sequence[T]:
    """Return what all pages hold, from page 1 to one that is not full."""
    found: list[T] = []
    for page in range(1, MAX_PAGES + 1):
        answered = await caller.call(request(page), read)
        found += answered
        if len(answered) < PAGE:
            break
    return found


def batch(name: str, sent: Sequence[Json]) -> bytes:
    """Return the body of a write.

    Raises:
        ValueError: there is nothing to write, or more than one request may hold.
    """
    if not 0 < len(sent) <= BATCH:
        raise ValueError(f"{len(sent)} {name} in one request: 1 to {BATCH} are allowed")
    return money.dumps({name: [dict(element) for element in sent]})


def per_element(
    name: str, sent: Sequence[Json], read: Callable[[Json], T], identity: Callable[[Json], object]
) -> Callable[[Any], Sequence[T | ElementRefused]]:
    """Return what reads the answer to a batch: one value per element sent, in order.

    `identity` finds what an element is known by on both sides, None where it has nothing of the kind.
    What is returned raises OutcomeUnknown when the answers cannot be told apart (more or fewer than were sent, or
    another one's in its place), and ValueError for an element that is not as described.
    """

    def answers(document: Any) -> Sequence[T | ElementRefused]:
        answered = elements(document, name)
        if len(answered) != len(sent):
            raise OutcomeUnknown(f"sent {len(sent)} {name}, answered {len(answered)}")
        return [answer(asked, element) for asked, element in zip(sent, answered, strict=True)]

    def answer(asked: Json, element: Json) -> T | ElementRefused:
        if (rejected := refused(element)) is not None:
            return rejected
        if not _same(identity(asked), identity(element)):
            raise OutcomeUnknown(f"the answered {name} are not in the order they were sent in")
        return read(element)

    return answers


def _same(sent: object, answered: object) -> bool:
    if sent is None or answered is None:
        return True
    return str(sent).strip().casefold() == str(answered).strip().casefold()
