import pytest
from sqlalchemy import Index, UniqueConstraint

from relay.store.tables import METADATA

UNIQUE = {
    ("connections", ("location_id",)),
    ("invoice_links", ("connection_id", "ghl_invoice_id")),
    ("invoice_links", ("xero_invoice_id",)),
    ("contact_links", ("tenant_id", "xero_contact_id")),
    ("payments", ("link_id", "origin", "external_id")),
}
KEYS = {
    "contact_links": ("connection_id", "ghl_contact_id"),
    "leases": ("name",),
    "outcomes": ("consumer", "ce_id", "run_id"),
    "parked": ("consumer", "topic", "partition", "offset", "ce_id"),
    "writes": ("key",),
}


def test_what_must_be_unique_is_unique() -> None:
    found = set()
    for table in METADATA.tables.values():
        rules = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
        rules += [index for index in table.indexes if isinstance(index, Index) and index.unique]
        found |= {(table.name, tuple(column.name for column in rule.columns)) for rule in rules}

    assert found == UNIQUE


@pytest.mark.parametrize("name", KEYS)
def test_rows_are_keyed_as_their_module_says(name: str) -> None:
    assert tuple(column.name for column in METADATA.tables[name].primary_key) == KEYS[name]


def test_every_rule_and_index_has_a_name_of_its_own() -> None:
    names = [index.name for table in METADATA.tables.values() for index in table.indexes]

    assert len(names) == len(set(names))
    assert all(names)
