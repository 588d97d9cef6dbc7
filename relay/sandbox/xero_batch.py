"""Many elements in one write: all or nothing, or with `summarizeErrors=false` each by itself, with its own errors."""

from collections.abc import Callable, Sequence
from typing import Any

from relay.sandbox.xero_answers import NOTHING
from relay.sandbox.xero_errors import Invalid, messages, validation
from relay.sandbox.xero_gate import Asked, Reply
from relay.sandbox.xero_wire import Element, write_json

Save = Callable[[Element], dict[str, Any]]  # saves one element, returns its answer


def saved(asked: Asked, sent: Sequence[Element], save: Save, *, name: str, id_key: str, errors_key: str) -> Reply:
    """Return what became of every element, in order.

    `id_key` is given back as sent, or as zeros; `errors_key` is the flag beside the errors, which differs by endpoint.

    Raises:
        Refusal: 400, an element is bad and the request did not say `summarizeErrors=false`; nothing is saved.
    """
    answers: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for element in sent:
        try:
            with asked.ledger.whole():
                answers.append(save(element) | {"StatusAttributeString": "OK"})
        except Invalid as error:
            echo = {id_key: NOTHING, **element, errors_key: True, "ValidationErrors": messages(error.messages)}
            bad.append(echo)
            answers.append(echo | {"StatusAttributeString": "ERROR"})
    if bad and asked.query.get("summarizeErrors", "true").lower() != "false":
        raise validation(write_json(bad))
    return Reply(name, answers)
