"""TLS in both directions, and passwords, against a broker that demands them."""

import datetime as dt
import gc
import ipaddress
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from relay.clock import SystemClock
from relay.log.errors import LogUnavailable
from relay.log.kafka.connection import KafkaConnection, opened_kafka_log
from relay.log.ports import Log
from tests.givens.logs import TOPIC, Witness, collected, everything, record, spec
from tests.servers.kafka import broker_or_skip, free_ports

pytestmark = [
    pytest.mark.kafka,
    # a TLS connection says goodbye for as long as its peer lets it, longer than the loop of a test lives; asyncio then
    # warns of its transport when that is collected
    pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _transports_are_collected_here_and_not_in_a_later_test() -> Iterator[None]:
    yield
    gc.collect()


SECURE = """
listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller_port}},SECURE://127.0.0.1:{secure_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{{port}},SECURE://127.0.0.1:{secure_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_relay="right";
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={folder}/broker.pem
listener.name.secure.ssl.truststore.type=PEM
listener.name.secure.ssl.truststore.location={folder}/ca.pem
listener.name.secure.ssl.client.auth=required
"""


@dataclass(frozen=True)
class Authority:
    """Signs certificates for one test run."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, name: str) -> None:
        """Write `name.pem`: key and certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = signed(name, key, self.certificate.subject, self.key, authority=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / f"{name}.pem").write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))


def signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name | None,
    by: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(loopback, critical=False)
        .sign(by, hashes.SHA256())
    )


def new_authority(folder: Path, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed(name, key, None, key, authority=True)
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, key, certificate)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaConnection]:
    """A broker with a listener that demands a certificate of ours and a password, and the way to it."""
    folder = tmp_path_factory.mktemp("secure-kafka")
    ours = new_authority(folder, "ca")
    ours.issue("broker")
    ours.issue("relay")
    new_authority(folder, "stranger-ca")
    (port,) = free_ports(1)
    extra = SECURE.format(secure_port=port, folder=folder)
    scram = ("--add-scram", "SCRAM-SHA-512=[name=relay,password=right]")
    with broker_or_skip(folder, 1, extra=extra, format_with=scram):
        yield KafkaConnection(
            f"127.0.0.1:{port}",
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username="relay",
            sasl_password="right",
            ca_file=folder / "ca.pem",
            cert_file=folder / "relay.pem",
            key_file=folder / "relay.pem",
        )


def opened(connection: KafkaConnection) -> AbstractAsyncContextManager[Log]:
    return opened_kafka_log(connection, clock=SystemClock(), publish_deadline_s=5.0, max_record_bytes=100_000)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
async def test_every_part_of_the_log_works_over_tls_with_certificate_and_password(
    secure: KafkaConnection, mine: str, mechanism: str
) -> None:
    connection = replace(secure, sasl_mechanism=mechanism, topic_prefix=f"{mine}.", group_prefix=mine)

    async with opened(connection) as log:
        await log.topics.create([spec(TOPIC, partitions=1)])
        await log.publisher.publish([record(b"secret")])
        reader = await log.join("invoice-push", [TOPIC], Witness())

        assert [each.value for each in await collected(reader, 1)] == [b"secret"]
        assert [each.value for each in await everything(log)] == [b"secret"]


@pytest.mark.parametrize(
    ("change", "value"),
    [
        pytest.param("sasl_password", "wrong", id="a wrong password"),
        pytest.param("ca_file", "stranger-ca.pem", id="a broker signed by somebody else"),
        pytest.param("cert_file", None, id="no certificate of ours"),
    ],
)
async def test_whoever_is_not_let_in_is_told_and_not_kept_waiting(
    secure: KafkaConnection, change: str, value: str | None
) -> None:
    assert secure.ca_file is not None
    changed = secure.ca_file.with_name(value) if change == "ca_file" and value else value
    connection = replace(secure, **{change: changed})

    async with opened(connection) as log:
        with pytest.raises(LogUnavailable):
            await log.publisher.publish([record()])
        with pytest.raises(LogUnavailable):
            await log.topics.describe()
        assert not await log.publisher.ready()
