"""Reads the tree of errors drawn in a module's docstring."""

import re
from types import ModuleType


def drawn(module: ModuleType) -> set[str]:
    return set(re.findall(r"── (\w+)", module.__doc__ or ""))
