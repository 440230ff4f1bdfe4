"""What differs between installations, read once from the environment (`SAULYQ_*`)."""

import os
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from saulyq.errors import SaulyqError
from saulyq.secrets import secret

OPS_DATABASE = "saulyq"
WAREHOUSE_DATABASE = "saulyq_warehouse"
SOURCE_TREE = (".git", "pyproject.toml")
"""What tells a folder of source files from a home."""
LOGIN_ROLES = ("owner", "app", "pipeline", "egress", "dashboards")


class Mode(StrEnum):
    """What the installation is for; production never holds synthetic people."""

    demo = "demo"
    production = "production"
    development = "development"


class UnknownSenders(StrEnum):
    """What the DICOM gateway does with an AE title that nobody registered."""

    accept = "accept"
    refuse = "refuse"


class Settings(BaseSettings):
    """One installation."""

    model_config = SettingsConfigDict(env_prefix="SAULYQ_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(Path("var"), description="the directory that holds everything the system writes")
    port_base: int = Field(8400, ge=1024, le=65000, description="first of the ports the parts listen on")
    bind: str = Field("127.0.0.1", description="address the pages listen on")
    mode: Mode = Field(Mode.development, description="demo, production or development")
    database_url_outside: str | None = Field(
        None,
        validation_alias="SAULYQ_DATABASE_URL",
        description="administrator's address of an outside PostgreSQL server, instead of the embedded one",
    )
    public_url: str | None = Field(None, description="address of the operational app behind a proxy, no last /")
    public_dashboards_url: str | None = Field(None, description="the same for the dashboards")
    public_dagster_url: str | None = Field(None, description="the same for Dagster")
    viewer_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+(/[^?#\s]*[^/?#\s])?$",
        description="address of a viewer of images, such as OHIF, to which people sign in from here; no last /",
    )
    secrets_dir_outside: Path | None = Field(
        None,
        validation_alias="SAULYQ_SECRETS_DIR",
        description="folder of secrets that somebody else provides, such as /run/secrets",
    )
    gateway_url: str | None = Field(
        None,
        pattern=r"^http://[^/\s]+$",
        description="the single gateway to the internet, http://host:port, by which every connection outward goes",
    )
    gateway_except: str = Field(
        "", description="hosts of the facility's own network that are reached without the gateway, with spaces between"
    )
    storage_encryption_document: str | None = Field(
        None,
        min_length=10,
        description="number and date of the document by which the provider encrypts disks this machine cannot judge",
    )
    postgres_options: str = Field(
        "", description="more settings for the embedded server, as name=value pairs with spaces between"
    )
    eds_trust: Path | None = Field(
        None, description="folder of authorities' certificates, CRLs and OCSP answers; eds/trust in the home if not set"
    )
    eds_online: bool = Field(False, description="ask the OCSP service that a signer's certificate names")
    eds_verifier_url: str | None = Field(
        None, description="address of an NCANode-compatible service that verifies GOST and XML signatures"
    )
    eds_tsp_url: str | None = Field(None, description="address of a time stamp service (RFC 3161) for signatures")
    ncalayer_url: str = Field(
        "wss://127.0.0.1:13579/", description="where browsers find NCALayer, always on the user's own machine"
    )
    dicom_ae_title: str = Field(
        "SAULYQ", pattern=r"^[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?$", description="AE title of the DICOM gateway"
    )
    dicom_unknown_senders: UnknownSenders | None = Field(
        None, description="accept or refuse AE titles that no registered device has; production refuses if not set"
    )
    dicom_bind: str | None = Field(None, description="address the DICOM gateway listens on; the pages' if not set")
    dicom_peers: str = Field(
        "",
        description="stations beside devices, as TITLE=host:port or TITLE=tls:host:port (encrypted), with spaces",
    )
    dicom_certificate: Path | None = Field(
        None, description="certificate chain of the DICOM gateway; with it the gateway speaks TLS only"
    )
    dicom_key: Path | None = Field(None, description="key of that certificate, if it is in a file of its own")
    dicom_client_authorities: Path | None = Field(
        None, description="authorities of the certificates that imaging devices must show"
    )
    dicom_peer_authorities: Path | None = Field(
        None, description="authorities of stations that images are sent to under TLS; the system's if not set"
    )
    hl7_certificate: Path | None = Field(
        None, description="certificate chain of the HL7 gateway; with it the gateway speaks TLS only"
    )
    hl7_key: Path | None = Field(None, description="key of that certificate, if it is in a file of its own")
    hl7_client_authorities: Path | None = Field(
        None, description="authorities of the certificates that senders of HL7 messages must show"
    )
    ops_workers: int | None = Field(
        None, ge=1, le=32, description="processes that answer the operational app's pages; one a processor, at most 4"
    )
    astm_certificate: Path | None = Field(
        None, description="certificate chain of the ASTM gateway; with it the gateway speaks TLS only"
    )
    astm_key: Path | None = Field(None, description="key of that certificate, if it is in a file of its own")
    astm_client_authorities: Path | None = Field(
        None, description="authorities of the certificates that analysers must show"
    )
    small_cell_threshold: int = Field(5, ge=2, le=50, description="released counts below this are suppressed")

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @property
    def ops_processes(self) -> int:
        """How many processes answer pages; each takes about 250 MB and up to 30 connections of the database."""
        return self.ops_workers or min(os.cpu_count() or 1, 4)

    @property
    def ops_port(self) -> int:
        return self.port_base

    @property
    def dagster_port(self) -> int:
        return self.port_base + 1

    @property
    def dashboards_port(self) -> int:
        return self.port_base + 2

    @property
    def postgres_port(self) -> int:
        return self.port_base + 3

    @property
    def dagster_code_port(self) -> int:
        return self.port_base + 4

    @property
    def worker_port(self) -> int:
        return self.port_base + 5

    @property
    def dicom_port(self) -> int:
        return self.port_base + 8

    @property
    def hl7_port(self) -> int:
        return self.port_base + 6

    @property
    def astm_port(self) -> int:
        return self.port_base + 7

    @property
    def ingest_port(self) -> int:
        return self.port_base + 10

    @property
    def control_port(self) -> int:
        return self.port_base + 9

    @property
    def demo_file(self) -> Path:
        """Says that this installation holds the demo district, and since when."""
        return self.home / "demo.json"

    @property
    def secrets_dir(self) -> Path:
        return self.secrets_dir_outside or self.home / "secrets"

    @property
    def images_dir(self) -> Path:
        return self.home / "images"

    @property
    def accepts_unknown_senders(self) -> bool:
        """Whether the DICOM gateway takes images from AE titles that nobody registered."""
        if self.dicom_unknown_senders is not None:
            return self.dicom_unknown_senders is UnknownSenders.accept
        return self.mode is not Mode.production

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @property
    def run_dir(self) -> Path:
        return self.home / "run"

    def page_url(self, port: int) -> str:
        """Address of a page as a person would type it: behind a proxy, the proxy's."""
        public = {
            self.ops_port: self.public_url,
            self.dashboards_port: self.public_dashboards_url,
            self.dagster_port: self.public_dagster_url,
        }.get(port)
        return public or self.local_url(port)

    @property
    def viewer_origin(self) -> str | None:
        """The origin that the pages of the viewer have in a browser."""
        return self.viewer_url and "/".join(self.viewer_url.split("/", 3)[:3])

    def local_url(self, port: int) -> str:
        """Address of a page from this machine."""
        of_this_machine = port in (self.worker_port, self.ingest_port)
        every_address = self.bind in ("0.0.0.0", "::", "") or of_this_machine  # noqa: S104
        return f"http://{'127.0.0.1' if every_address else self.bind}:{port}"

    def role_password(self, role: str) -> str:
        """The random password of a database role, made at its first use."""
        return secret(self.secrets_dir, f"db_{role}")

    def libpq_url(self, role: str, database: str = OPS_DATABASE) -> str:
        """Address of a database for a role (`owner`, `app`, …), as libpq, ADBC and psycopg read it."""
        login = f"saulyq_{role.removeprefix('saulyq_')}"
        credentials = f"{login}:{quote(self.role_password(login), safe='')}"
        if self.database_url_outside is None:
            return f"postgresql://{credentials}@127.0.0.1:{self.postgres_port}/{database}"
        outside = urlsplit(self.database_url_outside)
        address = outside.netloc.rpartition("@")[2]
        return urlunsplit(("postgresql", f"{credentials}@{address}", f"/{database}", outside.query, ""))

    def database_url(self, role: str, database: str = OPS_DATABASE) -> str:
        """The same address as SQLAlchemy reads it, with the driver named."""
        return self.libpq_url(role, database).replace("postgresql://", "postgresql+psycopg://", 1)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; a wrong value ends it with one line."""
    try:
        current = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise SaulyqError(
            "SAULYQ_%(name)s: %(reason)s", name=str(first["loc"][0]).upper(), reason=first["msg"]
        ) from None
    _make_home(current.home)
    if "mode" not in current.model_fields_set and current.demo_file.exists():
        return current.model_copy(update={"mode": Mode.demo})
    return current


def _make_home(home: Path) -> None:
    try:
        if home.is_dir():
            _refuse_source_tree(home)
            return
        home.mkdir(parents=True)
        # others may pass through (root's database runs as another user) but see nothing
        home.chmod(0o711)
    except OSError as error:
        raise SaulyqError(
            "cannot use %(home)s: %(reason)s; set SAULYQ_HOME to a folder of yours",
            home=home,
            reason=error.strerror,
        ) from None


def _refuse_source_tree(home: Path) -> None:
    """Source files stand beside a home or around it: whoever names their folder left out the last part of the path."""
    if any((home / name).exists() for name in SOURCE_TREE):
        raise SaulyqError(
            "%(home)s holds source files; set SAULYQ_HOME to a folder of its own, as %(path)s",
            home=home,
            path=home / "var",
        )
