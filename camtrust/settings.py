"""All sections of the settings together. Each package declares its own."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ca.crl.settings import CrlSettings
from ca.settings import CaSettings
from camtrust.publishing.settings import PublishSettings
from camtrust.serving.settings import ServeSettings
from core.settings import Section, load_settings
from core.transparency.settings import LogSettings
from enrollment.acme.settings import AcmeSettings
from enrollment.settings import EnrollmentSettings
from hsm.settings import HsmSettings
from ocsp.settings import OcspSettings

DATABASE_FILE = "camtrust.db"


class DatabaseSettings(Section):
    """``[database]``: an SQLAlchemy URL; SQLite in the home directory when it is empty."""

    url: str = ""
    pool_size: int = Field(default=8, ge=1, le=100)


class Settings(Section):
    """Everything that can be set, read once at start."""

    home: Path
    database: DatabaseSettings = DatabaseSettings()
    hsm: HsmSettings = HsmSettings()
    log: LogSettings = LogSettings()
    ca: CaSettings = CaSettings()
    crl: CrlSettings = CrlSettings()
    ocsp: OcspSettings = OcspSettings()
    enrollment: EnrollmentSettings = EnrollmentSettings()
    acme: AcmeSettings = AcmeSettings()
    serve: ServeSettings = ServeSettings()
    publish: PublishSettings = PublishSettings()

    @property
    def database_url(self) -> str:
        """The database to use."""
        return self.database.url or f"sqlite:///{self.home / DATABASE_FILE}"


def read_settings(home: Path) -> Settings:
    """Read the settings of a home directory. Raises SettingsRefused."""
    return load_settings(Settings, home.absolute())
