from pathlib import Path

from alembic.script import ScriptDirectory

from relay.store import schema
from tests.givens.store import opened_store


def test_the_versions_are_one_unbroken_line() -> None:
    scripts = ScriptDirectory(str(schema.MIGRATIONS))

    assert scripts.get_heads() == [schema.head()]
    assert scripts.get_bases() == ["0001"]


async def test_a_database_is_made_and_agrees_with_the_code(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        await schema.ensure_current(database)

        assert await schema.current(database) == schema.head()
        assert await schema.check(database) == []


async def test_a_folder_with_a_percent_sign_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "100%").mkdir()

    async with opened_store(tmp_path / "100%") as database:
        assert await schema.check(database) == []
