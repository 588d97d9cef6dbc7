"""Finds the vendors' own examples and descriptions, which are no part of the project.

The folder named by `TEST_SHARED`, else one called `shared` beside the checkout. Where it is there and no case was
found in it, the test fails; where it is not, the test is skipped and says so.
"""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]


def vendor_folder(name: str) -> Path | None:
    """Return that folder of the vendors' material, None where there is none."""
    root = Path(os.environ.get("TEST_SHARED") or HERE.parent / "shared")
    return root / name if (root / name).is_dir() else None


def vendor_files(name: str, pattern: str) -> list[Path]:
    """Return the files of a folder; empty where the material is not there."""
    folder = vendor_folder(name)
    if folder is None:
        return []
    files = sorted(folder.glob(pattern))
    assert files, f"{folder} is there, but holds no {pattern}"
    return files


@pytest.fixture(scope="session")
def vendor_material() -> Path:
    root = Path(os.environ.get("TEST_SHARED") or HERE.parent / "shared")
    if not root.is_dir():
        pytest.skip("the vendors' material is not here: set TEST_SHARED to check against it")
    return root
