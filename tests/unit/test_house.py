"""The house itself: what stands where, how large a module may be, and that each has its test."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("relay", "consumers", "schemas")
TOP_LEVEL = {"relay", "consumers", "schemas", "tests", "deploy", "pyproject.toml", "README.md", "LICENSE"}
LINES = 400
FUNCTION_LINES = 60
SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)$")
# a library has one room
ROOMS = {
    "aiokafka": ("relay/log",),
    "httpx": ("relay/upstream", "relay/sandbox"),
    "sqlalchemy": ("relay/store",),
    "alembic": ("relay/store",),
    "prometheus_client": ("relay/telemetry",),
    "typer": ("relay/cli",),
    "uvicorn": ("relay/serving.py",),
}


def modules():
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [path.relative_to(ROOT) for path in paths if "__pycache__" not in path.parts]


def nouns():
    return [
        path for path in modules() if path.name not in {"__init__.py", "__main__.py"} and "migrations" not in path.parts
    ]


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(line) for line in listed.stdout.splitlines()]


def imports(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_the_top_level_holds_the_house_and_nothing_else():
    top = {path.parts[0] for path in tracked()}

    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_module_is_small_and_its_name_says_what_lives_there(path):
    text = (ROOT / path).read_text(encoding="utf-8")

    assert text.count("\n") <= LINES
    assert not SAYS_NOTHING.search(path.stem)


@pytest.mark.parametrize("path", nouns(), ids=str)
def test_a_module_has_its_test_file(path):
    mirrored = ROOT / "tests" / "unit" / path.parent / f"test_{path.name}"

    assert mirrored.is_file(), f"write {mirrored.relative_to(ROOT)}"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_function_fits_on_a_screen(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]

    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno > FUNCTION_LINES] == []


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_library_stays_in_its_room(path):
    used = {name.split(".")[0] for name in imports(path)}

    strays = [name for name, rooms in ROOMS.items() if name in used and not str(path).startswith(rooms)]

    assert strays == []


@pytest.mark.parametrize("path", modules(), ids=str)
def test_nothing_is_left_unfinished(path):
    text = (ROOT / path).read_text(encoding="utf-8")

    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text)


@pytest.mark.parametrize("path", [path for path in modules() if not str(path).startswith("relay/cli")], ids=str)
def test_only_the_composition_root_reads_the_environment(path):
    text = (ROOT / path).read_text(encoding="utf-8")

    assert "os.environ" not in text
    assert "getenv" not in text


def test_imports_point_down():
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout
