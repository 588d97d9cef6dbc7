import stat

from relay.cli import wiring
from relay.settings import Settings
from schemas.topics import ALL


def test_the_data_folder_is_ours_alone(tmp_path):
    folder = wiring.data_dir(Settings(data_dir=tmp_path / "data"))

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_environment_wins_over_the_file_beside_it(shell, monkeypatch):
    (shell.folder / ".env").write_text("RELAY_PUBLIC_PORT=1\nRELAY_ADMIN_PORT=2\n")
    monkeypatch.setenv("RELAY_PUBLIC_PORT", "3")

    settings = wiring.settings()

    assert (settings.public_port, settings.admin_port) == (3, 2)


async def test_the_embedded_log_makes_its_own_topics(tmp_path):
    async with wiring.opened_log(Settings(data_dir=tmp_path / "data")) as log:
        assert set(await log.topics.describe()) == set(ALL)


async def test_a_sqlite_database_is_brought_up_by_itself(tmp_path):
    settings = Settings(data_dir=tmp_path / "data")

    async with wiring.opened_stores(settings) as stores:
        assert await stores.connections.all() == []
