"""A package's errors are one tree, drawn where it is defined."""

import re

import pytest

from relay.log import errors as log_errors
from relay.store import errors as store_errors
from relay.upstream import errors as upstream_errors


def below(root):
    found = set()
    for child in root.__subclasses__():
        found |= {child.__name__} | below(child)
    return found


@pytest.mark.parametrize(
    ("module", "root"),
    [
        (log_errors, log_errors.LogError),
        (store_errors, store_errors.StoreError),
        (upstream_errors, upstream_errors.UpstreamError),
    ],
    ids=["log", "store", "upstream"],
)
def test_the_drawing_shows_every_error_and_no_other(module, root):
    drawn = set(re.findall(r"── (\w+)", module.__doc__))

    assert drawn == below(root)
