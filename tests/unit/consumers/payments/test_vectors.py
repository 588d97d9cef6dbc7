import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumers.payments import actions as act
from consumers.payments.actions import Action, GhlSide
from consumers.payments.decision import decide
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import ghl
from schemas.connection_settings import settings_from
from schemas.xero import read_invoice

ROOT = Path(__file__).parents[3] / "vectors"
NUMERIC = {"amount", "recorded", "refunded", "planned"}
NAMES = {
    act.RecordInGhl: "record_in_ghl",
    act.PayInXero: "pay_in_xero",
    act.DeadLetter: "dead_letter",
    act.ShowStatus: "show_status",
}


def cases() -> list[Any]:
    paths = sorted((ROOT / "payments").glob("*.json"))
    assert len(paths) >= 18
    return [pytest.param(path, id=path.stem) for path in paths]


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def same(want: Any, have: Any, key: str = "") -> bool:
    if isinstance(want, dict):
        have = {k: v for k, v in have.items() if v is not None}
        want = {k: v for k, v in want.items() if v is not None}
        return want.keys() == have.keys() and all(same(want[k], have[k], k) for k in want)
    if isinstance(want, list):
        return len(want) == len(have) and all(same(w, h, key) for w, h in zip(want, have, strict=True))
    if key in NUMERIC:
        return Decimal(want) == Decimal(str(have))
    return want in ("*", have)


def row_of(values: Mapping[str, Any]) -> LedgerRow:
    numbers = {key: Decimal(value) for key, value in values.items() if key in NUMERIC and value is not None}
    intended_at = values.get("intended_at")
    return LedgerRow(
        **{
            **values,
            **numbers,
            "origin": Origin(values["origin"]),
            "kind": Kind(values["kind"]),
            "state": State(values["state"]),
            "intended_at": datetime.fromisoformat(intended_at) if intended_at else None,
        }
    )


def ghl_side(values: Mapping[str, Any] | None) -> GhlSide | None:
    if values is None:
        return None
    listed = tuple(ghl.Transaction.model_validate(one) for one in values["transactions"])
    return GhlSide(ghl.Invoice.model_validate(values), listed)


def as_json(action: Action) -> dict[str, Any]:
    values = {field.name: getattr(action, field.name) for field in fields(action)}
    values.pop("call", None)  # of a repeat: what is repeated stands in the row
    values.pop("detail", None)  # of a dead letter: for people
    if "source" in values:
        values["from"] = values.pop("source")
    if isinstance(values.get("date"), date):
        values["date"] = values["date"].isoformat()
    return {"do": NAMES.get(type(action), type(action).__name__.lower()), **values}


def row_json(row: LedgerRow) -> dict[str, Any]:
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    if row.intended_at:
        values["intended_at"] = row.intended_at.isoformat().replace("+00:00", "Z")
    return values


@pytest.mark.parametrize("path", cases())
def test_one_round_asks_for_exactly_these_steps(path: Path) -> None:
    vector = load(path)

    decision = decide(
        [row_of(row) for row in vector["ledger_before"]],
        read_invoice(vector["xero_invoice"]) if vector["xero_invoice"] else None,
        ghl_side(vector["ghl_invoice"]),
        settings_from(vector["settings"]),
        vector["shown_status"],
        date.fromisoformat(vector["today"]),
    )

    assert same(vector["expect"], [as_json(action) for action in decision.actions]), vector["title"]
    assert same(vector["ledger_after"], [row_json(row) for row in decision.ledger]), vector["title"]
