"""Which Kafka, as whom, and what our names are called there."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from relay.log.errors import LogUnavailable
from relay.settings import Settings

IDLE_MS: Final = 180_000  # load balancers cut idle connections from four minutes on
RETRY_BACKOFF_MS: Final = 50
CALL_DEADLINE_S: Final = 10.0  # any single question that is not asked while a webhook waits
STOP_DEADLINE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """How to reach a cluster, and the prefixes of one installation on it."""

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "PLAIN"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    topic_prefix: str = ""
    group_prefix: str = "relay"

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the connection that the settings describe."""
        password = settings.kafka_sasl_password
        return cls(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            security_protocol=settings.kafka_security_protocol,
            sasl_mechanism=settings.kafka_sasl_mechanism,
            sasl_username=settings.kafka_sasl_username,
            sasl_password=password.get_secret_value() if password else None,
            ca_file=settings.kafka_ca_file,
            cert_file=settings.kafka_cert_file,
            key_file=settings.kafka_key_file,
            topic_prefix=settings.kafka_topic_prefix,
            group_prefix=settings.kafka_group_prefix,
        )

    def outside(self, topic: str) -> str:
        """Return what our topic is called on the cluster."""
        return f"{self.topic_prefix}{topic}"

    def inside(self, name: str) -> str:
        """Return our topic behind a name on the cluster."""
        return name.removeprefix(self.topic_prefix)

    def group(self, name: str) -> str:
        """Return what our group is called on the cluster."""
        return f"{self.group_prefix}.{name}"

    def options(self) -> dict[str, Any]:
        """Return what every client of the cluster is made with. Reads the certificate files.

        Raises:
            LogUnavailable: a certificate or key cannot be read.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
            "connections_max_idle_ms": IDLE_MS,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
        }
        if self.security_protocol.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = self._ssl_context()
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except OSError as error:
            files = ", ".join(str(file) for file in (self.ca_file, self.cert_file, self.key_file) if file)
            raise LogUnavailable(f"Kafka's certificates cannot be used ({files}): {error}") from error
        return context
