"""The text of a line: name, description without its formatting, and HighLevel's own figures. Pure."""

import re
import unicodedata
from html.parser import HTMLParser
from typing import Final

LONGEST: Final = 4000
_BLOCKS: Final = frozenset(
    {"address", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li"}
    | {"ol", "p", "pre", "section", "table", "tr", "ul"}
)
_UNSEEN: Final = frozenset({"script", "style"})
_BLANKS: Final = re.compile(r"[^\S\n]+")
# Xero refuses none of these but shows them as boxes, or breaks a search
_ZERO_WIDTH: Final = re.compile("[\u200b-\u200f\u2060\ufeff]")


def description(name: str, details: str, position: int, figures: str | None) -> str:
    """Return the text of a line: at most 4,000 characters, of which the figures are never cut."""
    title, text = _one_line(name), plain_text(details)
    shown = "\n".join(part for part in (title, "" if text == title else text) if part) or f"Item {position}"
    if figures is None:
        return shown[:LONGEST]
    return f"{shown[: LONGEST - len(figures) - 1].rstrip()}\n{figures}"


def plain_text(formatted: str) -> str:
    """Return a formatted text without its tags: items as "- ", blocks as lines, empty lines dropped."""
    reader = _Reader()
    reader.feed(_printable(formatted))
    reader.close()
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line and line != "-")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - theirs
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def _one_line(text: str) -> str:
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    unseen = _ZERO_WIDTH.sub("", unicodedata.normalize("NFC", text)).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(" " if unicodedata.category(char) == "Cc" and char != "\n" else char for char in unseen)
