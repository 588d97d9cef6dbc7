import ssl
from pathlib import Path

import pytest

from relay.log.errors import LogUnavailable
from relay.log.kafka.access import KafkaConnection
from relay.settings import read_settings

PREFIXED = KafkaConnection("broker:9092", topic_prefix="acme.", group_prefix="acme-relay")


def test_our_names_carry_the_prefixes_of_the_installation_and_lose_them_again() -> None:
    assert PREFIXED.outside("ghl.invoices") == "acme.ghl.invoices"
    assert PREFIXED.inside("acme.ghl.invoices") == "ghl.invoices"
    assert PREFIXED.group("invoice-push") == "acme-relay.invoice-push"


def test_settings_say_where_and_as_whom() -> None:
    settings = read_settings(
        {
            "RELAY_KAFKA_BOOTSTRAP_SERVERS": "one:9092,two:9092",
            "RELAY_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "RELAY_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
            "RELAY_KAFKA_SASL_USERNAME": "relay",
            "RELAY_KAFKA_SASL_PASSWORD": "hidden",
            "RELAY_KAFKA_TOPIC_PREFIX": "acme.",
            "RELAY_KAFKA_GROUP_PREFIX": "acme",
        }
    )

    connection = KafkaConnection.of(settings)

    options = connection.options()
    assert (connection.topic_prefix, connection.group_prefix) == ("acme.", "acme")
    assert options["bootstrap_servers"] == "one:9092,two:9092"
    assert {key: options[key] for key in options if key.startswith("sasl")} == {
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "relay",
        "sasl_plain_password": "hidden",
    }


def test_a_password_is_not_in_what_is_printed() -> None:
    assert "hidden" not in repr(KafkaConnection("broker:9092", sasl_password="hidden"))


@pytest.mark.parametrize(
    ("protocol", "sasl", "tls"),
    [
        pytest.param("PLAINTEXT", False, False, id="plain"),
        pytest.param("SSL", False, True, id="tls"),
        pytest.param("SASL_PLAINTEXT", True, False, id="password"),
        pytest.param("SASL_SSL", True, True, id="password over tls"),
    ],
)
def test_only_what_the_protocol_needs_is_handed_over(protocol: str, sasl: bool, tls: bool) -> None:
    options = KafkaConnection("broker:9093", security_protocol=protocol, sasl_username="relay").options()

    assert ("sasl_plain_username" in options) == sasl
    assert isinstance(options.get("ssl_context"), ssl.SSLContext) == tls


def test_brokers_are_verified_by_name_and_certificate() -> None:
    context = KafkaConnection("broker:9093", security_protocol="SSL").options()["ssl_context"]

    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


@pytest.mark.parametrize("setting", ["ca_file", "cert_file"])
def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, setting: str) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")

    with pytest.raises(LogUnavailable, match=r"broken\.pem"):
        KafkaConnection("broker:9093", security_protocol="SSL", **{setting: broken}).options()
