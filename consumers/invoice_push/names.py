"""What a contact is called in Xero, and text cleaned so that Xero takes it (mapping.md 5). Pure."""

import re
import unicodedata
from typing import Final

from consumers.invoice_push.people import Person

LONGEST_NAME: Final = 255
_PLACEHOLDER: Final = re.compile(r"\{([a-z|]+)\}")
_EMPTY_BRACKETS: Final = re.compile(r"\(\s*\)|\[\s*\]|\{\s*\}")
_REPEATED: Final = re.compile(r"(?P<name>.+?)\s*\((?P<again>.+)\)")
_SEPARATORS: Final = " \t-\u2013\u2014,;:/|\u00b7"
_ZERO_WIDTH: Final = re.compile("[\u200b-\u200f\u2060\ufeff]")
_BRACKETS: Final = str.maketrans("<>", "()")  # Xero refuses names with < or >


def cleaned(text: str | None, longest: int = LONGEST_NAME) -> str:
    """Return a text as Xero takes it: composed, without brackets of HTML, control characters and double spaces."""
    composed = _ZERO_WIDTH.sub("", unicodedata.normalize("NFC", text or "")).translate(_BRACKETS)
    spaced = "".join(" " if unicodedata.category(char) == "Cc" else char for char in composed)
    return " ".join(spaced.split())[:longest].rstrip()


def comparable(name: str) -> str:
    """Return a name in the form in which two of the same customer are equal."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def contact_name(person: Person, template: str) -> str:
    """Return the name a contact is created with; never empty."""
    parts = _parts(person)
    filled = _PLACEHOLDER.sub(lambda match: _first(match[1].split("|"), parts), template)
    name = _tidied(cleaned(filled, LONGEST_NAME * 4))
    fallbacks = (parts["company"], parts["name"], parts["email"], parts["phone"], f"Contact {person.id}")
    return next(text for text in (name, *fallbacks) if text)[:LONGEST_NAME].rstrip()


def suffixed(name: str, person: Person) -> list[str]:
    """Return the names tried when somebody else holds this one, the likeliest first."""
    company, city = cleaned(person.company), cleaned(person.city)
    told_apart_by = [
        "" if comparable(company) in comparable(name) else company,
        city,
        person.id[-6:],
        person.id,
    ]
    return [
        f"{name[: LONGEST_NAME - len(suffix) - 3].rstrip()} ({suffix})"
        for suffix in (text[: LONGEST_NAME // 2].rstrip() for text in told_apart_by)
        if suffix
    ]


def _parts(person: Person) -> dict[str, str]:
    known = {
        "first": person.first_name,
        "last": person.last_name,
        "name": person.full_name,
        "company": person.company,
        "email": person.email,
        "phone": person.phone,
        "city": person.city,
        "id": person.id,
    }
    return {key: cleaned(text) for key, text in known.items()}


def _first(keys: list[str], parts: dict[str, str]) -> str:
    return next((parts[key] for key in keys if parts.get(key)), "")


def _tidied(name: str) -> str:
    """Return a filled template without what empty parts left behind."""
    name = " ".join(_EMPTY_BRACKETS.sub(" ", name).split()).strip(_SEPARATORS)
    match = _REPEATED.fullmatch(name)
    if match and comparable(match["name"]) == comparable(match["again"]):
        name = match["name"]
    if _is_one_bracket(name):
        name = name[1:-1].strip(_SEPARATORS)
    return name


def _is_one_bracket(name: str) -> bool:
    if not (name.startswith("(") and name.endswith(")")):
        return False
    depth = 0
    for place, char in enumerate(name):
        depth += (char == "(") - (char == ")")
        if not depth:
            return place == len(name) - 1
    return False
