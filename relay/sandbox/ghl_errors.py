"""A refusal of HighLevel's API, in its words and its shape."""

from collections.abc import Sequence
from http import HTTPStatus

from relay.sandbox.ghl_json import Document


class Refusal(Exception):
    """The call is answered with this status and message; nothing was changed."""

    def __init__(self, status: HTTPStatus, message: str | Sequence[str]) -> None:
        super().__init__(str(message))
        self.status = status
        self.message = message

    def body(self, trace_id: str) -> Document:
        """Return the error body: statusCode, message, error and traceId."""
        message = self.message if isinstance(self.message, str) else list(self.message)
        return {
            "statusCode": int(self.status),
            "message": message,
            "error": self.status.phrase,
            "traceId": trace_id,
        }


def bad_request(message: str) -> Refusal:
    """Return the refusal of something that cannot be done now."""
    return Refusal(HTTPStatus.BAD_REQUEST, message)


def unprocessable(message: str | Sequence[str]) -> Refusal:
    """Return the refusal of a body that does not fit."""
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, message)
