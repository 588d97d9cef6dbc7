from datetime import date

import pytest

from tests.givens.xero_sandbox import a_world


async def test_the_organisation_tells_its_locks_and_currency() -> None:
    async with a_world() as world:
        world.sandbox.books.set_lock_date(world.tenant_id, date(2026, 6, 30))
        (organisation,) = await world.get("Organisation")

        assert (organisation["BaseCurrency"], organisation["IsDemoCompany"]) == ("AUD", True)
        assert organisation["PeriodLockDate"] == "/Date(1782777600000+0000)/"
        assert "EndOfYearLockDate" not in organisation
        assert organisation["ShortCode"]


async def test_the_chart_is_listed() -> None:
    async with a_world() as world:
        accounts = await world.get("Accounts", where='Status=="ACTIVE" AND Type=="BANK"')
        every = await world.get("Accounts", order="Code DESC")

        assert [account["Code"] for account in accounts] == ["090"]
        assert every[0]["Code"] == "860"


async def test_accounts_know_when_they_changed() -> None:
    async with a_world() as world:
        world.clock.advance(60)
        world.sandbox.books.archive_account(world.tenant_id, "260")
        answer = await world.ask("GET", "Accounts", headers={"If-Modified-Since": "2026-11-24T12:00:30"})

        assert [(each["Code"], each["Status"]) for each in answer.json()["Accounts"]] == [("260", "ARCHIVED")]


async def test_tax_rates_say_where_they_apply() -> None:
    async with a_world() as world:
        rates = {rate["TaxType"]: rate for rate in await world.get("TaxRates", order="Name")}
        (custom,) = await world.get("TaxRates", where='TaxType=="TAX001"')

        assert (rates["OUTPUT"]["CanApplyToRevenue"], rates["INPUT"]["CanApplyToRevenue"]) == (True, False)
        assert (custom["EffectiveRate"], custom["TaxComponents"][0]["Rate"]) == (15, 15)


@pytest.mark.parametrize(("path", "count"), [("Currencies", 5), ("BrandingThemes", 1)])
async def test_small_lists_are_there(path: str, count: int) -> None:
    async with a_world() as world:
        assert len(await world.get(path)) == count
