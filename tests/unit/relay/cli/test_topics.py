from schemas.topics import ALL


def test_every_topic_is_listed(shell):
    rows = shell.run("topics", "list", "--json").document

    assert {row["topic"] for row in rows} == set(ALL)
    assert {row["records"] for row in rows} == {0}


def test_applying_twice_changes_nothing(shell):
    first = shell.run("topics", "apply", "--yes", "--json")
    again = shell.run("topics", "plan")

    assert first.code == 0
    assert (again.code, again.out) == (0, "All topics are as they must be.\n")


def test_a_plan_with_changes_asks_for_attention_and_makes_none(shell, monkeypatch):
    shell.run("topics", "list")
    monkeypatch.setenv("RELAY_KAFKA_RETENTION_DAYS", "30")

    plans = [shell.run("topics", "plan") for _ in range(2)]

    assert [plan.code for plan in plans] == [3, 3]
    assert "retention.ms" in plans[1].out
