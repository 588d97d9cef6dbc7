from dataclasses import FrozenInstanceError

import pytest

from relay.webhooks.answers import Outcome
from relay.webhooks.vendor import Contents, Vendor
from relay.webhooks.vendors import vendors
from tests.givens.webhooks import delivery, webhook_settings


@pytest.mark.parametrize("vendor", vendors(webhook_settings()), ids=lambda vendor: vendor.name)
def test_a_vendor_is_frozen_and_says_how_to_come_again(vendor: Vendor) -> None:
    assert vendor.overloaded.value >= 400
    with pytest.raises(FrozenInstanceError):
        vendor.name = "another"


def test_a_delivery_is_frozen_and_its_contents_are_accepted_unless_said_otherwise() -> None:
    with pytest.raises(FrozenInstanceError):
        delivery(b"{}").body = b"another"
    assert Contents([]).outcome is Outcome.ACCEPTED
