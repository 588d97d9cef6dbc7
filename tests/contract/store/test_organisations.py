from datetime import date
from decimal import Decimal

from relay.store.engine import Database
from relay.store.organisations import Organisations
from schemas.xero import Account, Organisation, TaxRate
from tests.givens.store import at

BOOKS = Organisation(
    Name="Acme Books",
    BaseCurrency="AUD",
    Currencies=("AUD", "USD"),
    PeriodLockDate=date(2026, 6, 30),
    TaxRates=(TaxRate(Name="GST", TaxType="OUTPUT", EffectiveRate=Decimal("10.125"), CanApplyToRevenue=True),),
    Accounts=(Account(Code="200", Type="REVENUE", Class="REVENUE"),),
)


async def test_a_snapshot_comes_back_as_it_was_read(database: Database) -> None:
    organisations = Organisations(database)
    assert await organisations.get("tenant-1") is None

    await organisations.put("tenant-1", BOOKS, at(0))

    assert await organisations.get("tenant-1") == (BOOKS, at(0))


async def test_a_snapshot_read_earlier_replaces_no_later_one(database: Database) -> None:
    organisations = Organisations(database)
    later = BOOKS.model_copy(update={"name": "Renamed"})

    await organisations.put("tenant-1", later, at(10))
    await organisations.put("tenant-1", BOOKS, at(0))
    assert await organisations.get("tenant-1") == (later, at(10))

    await organisations.put("tenant-1", BOOKS, at(20))
    assert await organisations.get("tenant-1") == (BOOKS, at(20))
