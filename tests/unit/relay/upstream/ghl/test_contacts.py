import pytest

from relay.upstream.errors import NotFound, OutcomeUnknown, Unavailable
from relay.upstream.ghl.contacts import Contacts
from tests.givens.upstream import Script, answer, ghl_caller, text


async def test_a_contact_is_read_out_of_its_wrapping() -> None:
    contact = {"id": "c/1", "locationId": "loc-1", "email": None, "tags": ["a"], "customFields": [{"id": "f"}]}
    vendor = Script(answer({"contact": contact, "traceId": "t"}))

    found = await Contacts(ghl_caller(vendor)).read("c/1")

    assert vendor.paths == ["GET /contacts/c%2F1"]
    assert (found.id, found.email, found.tags) == ("c/1", None, ("a",))


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer({"message": "Contact not found"}, 400), NotFound),
        (answer({"message": "Not Found"}, 404), NotFound),
        (answer({}), Unavailable),
    ],
    ids=["said with a 400", "said with a 404", "an answer without contact"],
)
async def test_a_contact_that_is_not_there(response: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        await Contacts(ghl_caller(Script(response))).read("c-1")


@pytest.mark.parametrize(("method", "verb"), [("add_tags", "POST"), ("remove_tags", "DELETE")])
async def test_tags_change_by_themselves(method: str, verb: str) -> None:
    vendor = Script(answer({"tags": ["a"]}, 201))

    await getattr(Contacts(ghl_caller(vendor)), method)("c-1", ["a", "b"])

    assert vendor.paths == [f"{verb} /contacts/c-1/tags"]
    assert vendor.body() == {"tags": ["a", "b"]}


@pytest.mark.parametrize("method", ["add_tags", "remove_tags"])
async def test_no_tags_call_nobody(method: str) -> None:
    vendor = Script(answer({}))

    await getattr(Contacts(ghl_caller(vendor)), method)("c-1", [])

    assert vendor.requests == []


async def test_a_note_is_written() -> None:
    vendor = Script(text("", 201))

    await Contacts(ghl_caller(vendor)).add_note("c-1", "Payment was reversed")

    assert vendor.paths == ["POST /contacts/c-1/notes"]
    assert vendor.body() == {"body": "Payment was reversed"}


async def test_a_note_without_an_answer_may_stand() -> None:
    with pytest.raises(OutcomeUnknown):
        await Contacts(ghl_caller(Script(text("", 502)))).add_note("c-1", "x")


async def test_notes_are_read_to_look_before_writing_again() -> None:
    vendor = Script(answer({"notes": [{"id": "n1", "body": "Payment was reversed"}, {"id": "n2", "body": None}]}))

    found = await Contacts(ghl_caller(vendor)).notes("c-1")

    assert vendor.paths == ["GET /contacts/c-1/notes"]
    assert found == ["Payment was reversed", ""]
