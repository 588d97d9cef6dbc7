def test_a_database_is_brought_up_once_and_then_is_up_to_date(shell):
    before = shell.run("db", "check")
    shell.run("db", "upgrade")
    again = shell.run("db", "upgrade")
    after = shell.run("db", "check")

    assert (before.code, again.code, after.code) == (3, 0, 0)
    assert after.out == "Database: up to date.\n"


def test_a_database_without_tables_is_called_empty(shell):
    assert shell.run("db", "current").out.startswith("Database: empty; see: relay db upgrade")


def test_the_version_is_shown(shell):
    shell.run("db", "upgrade")

    assert shell.run("db", "current", "--json").document["database"].startswith("at ")
