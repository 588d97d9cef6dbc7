"""All settings of an installation, declared once: environment `RELAY_*`, a `.env` file, or `*_FILE` for a secret.

Read in one place (`cli/wiring.py`); everything else takes a `Settings` or the few values it needs. An unknown
`RELAY_*` name is an error that suggests the nearest one. `deploy/reference/settings.md` is generated from here.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX: Final = "RELAY_"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

GHL_PUBLIC_KEY: Final = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----"""
GHL_LEGACY_RSA_KEY: Final = """-----BEGIN PUBLIC KEY-----
MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSC
Frm602qYV0MaAiNnX9O8KxMbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6
dO0t6Q/ZVdAV5Phz+ZtzPL16iCGeK9po6D6JHBpbi989mmzMryUnQJezlYJ3DVfB
csedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQmTnSdFUzuAnC9/GepgLT9SM4nCpv
uxmZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx5klVXXZQGNHOs8gF
3kvoV5rTnXV0IknLBXlcKKAQLZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RKgOKU
J062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8xkx2zE/Juc+yjLjTXp
IocmaiFeAO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzN
h/AMfHKIjE4xQA1SZuYJmNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhC
HULgCsnuDJHcrGNd5/Ddm5hxGQ0ASitgHeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJ
PQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzmsFqwcSsnw3JB31IGKAyk
T1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ==
-----END PUBLIC KEY-----"""


def _list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _pems(value: object) -> object:
    """Split a text of PEM blocks and paths into single PEM texts; paths are read."""
    parts = _list(value) if isinstance(value, str) else value
    if not isinstance(parts, (tuple, list)):
        return value
    texts = (part if "-----BEGIN" in part else Path(part).read_text(encoding="ascii") for part in parts)
    return tuple(text.replace("\\n", "\n") for text in texts)  # one line, as environments like it


Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_list)]
Pems = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_pems)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)]


class SettingsError(Exception):
    """Settings that cannot be used; the text says which, and what to do. Exit code 2."""


class Settings(BaseSettings):
    """Every setting with its default."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings names the parameters
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - `read_settings` is handed the environment
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from `read_settings` alone: nothing is read from the environment behind its back."""
        return (init_settings,)

    data_dir: Path = Field(Path("data"), description="Everything the relay keeps on this machine; made with mode 0700.")

    kafka_bootstrap_servers: str = Field(
        "embedded", description="host:port list, or `embedded`: the log of one machine."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to talk to Kafka."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism, with a SASL protocol."
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user name.")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password.")
    kafka_ca_file: Path | None = Field(None, description="CA certificates of the brokers, PEM.")
    kafka_cert_file: Path | None = Field(None, description="Our client certificate, PEM (mTLS).")
    kafka_key_file: Path | None = Field(None, description="Key of the client certificate, PEM.")
    kafka_topic_prefix: str = Field("", description="Put before every topic name.")
    kafka_partitions: int = Field(12, gt=0, description="Partitions of each topic.")
    kafka_replication_factor: int = Field(3, gt=0, description="Copies of each record.")
    kafka_retention_days: int = Field(90, gt=0, description="Days a record is kept.")
    kafka_group_prefix: str = Field("relay", description="Put before every consumer group, with a dot.")

    database_url: SecretStr | None = Field(
        None, description="`postgresql+asyncpg://...`; default: SQLite, `relay.db` in the data folder."
    )
    encryption_keys: Secrets = Field(
        (), description="Fernet keys, the first encrypts. Made in the data folder with the embedded log."
    )

    public_host: str = Field("0.0.0.0", description="Where webhooks arrive.")  # noqa: S104 - the public port is public
    public_port: int = Field(8080, ge=0, le=65535, description="Port for webhooks.")
    console_host: str = Field("127.0.0.1", description="Where the console listens (not built yet).")
    console_port: int = Field(8081, ge=0, le=65535, description="Port of the console (not built yet).")
    console_url: str = Field("http://localhost:8081", description="The console's address in a browser (not built yet).")
    admin_host: str = Field("127.0.0.1", description="Where metrics and health listen.")
    admin_port: int = Field(9090, ge=0, le=65535, description="Port for `/metrics`, `/livez`, `/readyz`.")

    max_body_bytes: int = Field(1_048_576, gt=0, description="Largest body of a webhook; beyond it 413.")
    ack_deadline_s: float = Field(2.0, gt=0, lt=5, description="Seconds a webhook may wait. Xero leaves at 5.")
    max_in_flight: int = Field(2048, gt=0, description="Webhooks handled at once; beyond it 429 or 503.")
    max_bytes_in_flight: int = Field(64 * 1_048_576, gt=0, description="Bytes of bodies held at once.")
    spool_max_bytes: int = Field(1_073_741_824, ge=0, description="Size of the disk spool, 0 for none (not built yet).")

    ghl_app_id: str | None = Field(None, description="Our marketplace app; default: the client id before its dash.")
    ghl_client_id: str | None = Field(None, description="OAuth client id of the HighLevel app.")
    ghl_client_secret: SecretStr | None = Field(None, description="OAuth client secret of the HighLevel app.")
    ghl_version_id: str | None = Field(None, description="Version id of a draft app (not built yet).")
    ghl_public_keys: Pems = Field(
        (GHL_PUBLIC_KEY,), description="Ed25519 keys HighLevel signs with: PEM texts or paths."
    )
    ghl_legacy_rsa: bool = Field(default=False, description="Accept `X-WH-Signature` where the new header is absent.")
    ghl_legacy_rsa_keys: Pems = Field((GHL_LEGACY_RSA_KEY,), description="RSA keys of the legacy header: PEM or paths.")
    ghl_api_url: str = Field("https://services.leadconnectorhq.com", description="HighLevel's API; for tests.")
    ghl_login_url: str = Field("https://marketplace.gohighlevel.com", description="HighLevel's login (not built yet).")
    ghl_api_version: str = Field("2021-07-28", description="Value of HighLevel's `Version` header.")

    xero_client_id: str | None = Field(None, description="OAuth client id of the Xero app.")
    xero_client_secret: SecretStr | None = Field(None, description="OAuth client secret of the Xero app.")
    xero_webhook_keys: Secrets = Field((), description="Xero webhook keys, comma list: old and new while rotating.")
    xero_api_url: str = Field("https://api.xero.com", description="Xero's API; for tests.")
    xero_login_url: str = Field("https://login.xero.com", description="Xero's login (not built yet).")
    xero_identity_url: str = Field("https://identity.xero.com", description="Where Xero refreshes tokens; for tests.")
    xero_daily_reserve: float = Field(
        0.2, ge=0, lt=1, description="Share of the day replays leave free (not built yet)."
    )

    crm_name: str = Field("HighLevel", description="What the CRM is called on screen.")
    support_contact: str | None = Field(None, description="Whom to ask, on screen (not built yet).")
    ghl_sso_secrets: Secrets = Field((), description="Shared secrets for signing in from the CRM (not built yet).")
    ghl_frame_ancestors: Names = Field((), description="Sites that may embed the console (not built yet).")
    oidc_issuer: str | None = Field(None, description="OIDC issuer of the console (not built yet).")
    oidc_client_id: str | None = Field(None, description="OIDC client id (not built yet).")
    oidc_client_secret: SecretStr | None = Field(None, description="OIDC client secret (not built yet).")
    oidc_role_claim: str | None = Field(None, description="Claim that holds the groups (not built yet).")
    oidc_role_map: str | None = Field(None, description="Groups to roles (not built yet).")
    console_require_totp: bool = Field(default=False, description="Demand a second factor (not built yet).")
    console_trusted_proxies: Names = Field((), description="Proxies whose headers count (not built yet).")

    log_format: Literal["console", "json"] | None = Field(None, description="`console` on a terminal, else `json`.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @field_validator("ghl_api_url", "ghl_login_url", "xero_api_url", "xero_login_url", "xero_identity_url")
    @classmethod
    def _https_but_for_loopback(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("must be https, or http on loopback")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _sasl_is_whole(self) -> "Settings":
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_sasl_username and self.kafka_sasl_password
        ):
            raise ValueError("SASL needs RELAY_KAFKA_SASL_USERNAME and RELAY_KAFKA_SASL_PASSWORD")
        return self

    @property
    def embedded(self) -> bool:
        """Return whether the log is the embedded one."""
        return self.kafka_bootstrap_servers == "embedded"

    @property
    def own_app_id(self) -> str | None:
        """Return our HighLevel app's id, None when it is not known."""
        return self.ghl_app_id or (self.ghl_client_id.split("-")[0] if self.ghl_client_id else None)


SECRET_NAMES: Final = frozenset(
    name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation) or name == "database_url"
)


def read_settings(environment: Mapping[str, str], **overrides: Any) -> Settings:
    """Return the settings of an environment (with what `.env` added to it); `overrides` win.

    Raises:
        SettingsError: an unknown `RELAY_*` name, an unreadable file, or a value that does not fit.
    """
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    values: dict[str, Any] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        secret = known.get(variable.removesuffix("_FILE"), "")
        if variable in known:
            values[known[variable]] = value
        elif variable.endswith("_FILE") and secret in SECRET_NAMES:
            values.setdefault(secret, _content(variable, Path(value)))
        else:
            nearest = difflib.get_close_matches(variable, known, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else "; see `relay settings --reference`"
            raise SettingsError(f"{variable} is not a setting of the relay{hint}")
    try:
        return Settings(**(values | overrides))
    except (ValidationError, OSError) as error:
        raise SettingsError(_words(error)) from error


def _content(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable} names {path}, which cannot be read: {error.strerror}") from error


def _words(error: ValidationError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    first = error.errors()[0]
    name = f"{PREFIX}{str(first['loc'][0]).upper()}: " if first["loc"] else ""
    return f"{name}{first['msg']}"
