"""All sections of the settings together. Each package declares its own."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ca.crl.settings import CrlSettings
from ca.settings import CaSettings
from camtrust.publishing.settings import PublishSettings
from camtrust.serving.settings import ServeSettings
from core.mail.settings import MailSettings
from core.settings import Section, load_settings
from core.transparency.settings import LogSettings
from enrollment.acme.settings import AcmeSettings
from enrollment.cmp.settings import CmpSettings
from enrollment.escrow.settings import EscrowSettings
from enrollment.invitations.settings import InvitationSettings
from enrollment.lists.settings import ListSettings
from enrollment.reminders.settings import ReminderSettings
from enrollment.settings import EnrollmentSettings
from enrollment.sign_in.settings import SignInSettings
from enrollment.step_up.settings import StepUpSettings
from enrollment.webhooks.settings import WebhookSettings
from hsm.settings import HsmSettings
from ocsp.settings import OcspSettings
from signing.approval.settings import ApprovalSettings
from signing.credentials.settings import CredentialSettings
from signing.csc.settings import CscSettings
from signing.documents.settings import DocumentSettings
from signing.documents.stamps.settings import StampSettings
from signing.documents.validation.settings import ValidationSettings
from signing.documents.verification.settings import VerificationSettings
from signing.passes.settings import PassSettings
from signing.timestamps.settings import TimestampSettings

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
    lists: ListSettings = ListSettings()
    acme: AcmeSettings = AcmeSettings()
    webhooks: WebhookSettings = WebhookSettings()
    sign_in: SignInSettings = SignInSettings()
    step_up: StepUpSettings = StepUpSettings()
    cmp: CmpSettings = CmpSettings()
    escrow: EscrowSettings = EscrowSettings()
    invitations: InvitationSettings = InvitationSettings()
    reminders: ReminderSettings = ReminderSettings()
    credentials: CredentialSettings = CredentialSettings()
    csc: CscSettings = CscSettings()
    validation: ValidationSettings = ValidationSettings()
    serve: ServeSettings = ServeSettings()
    mail: MailSettings = MailSettings()
    stamps: StampSettings = StampSettings()
    verification: VerificationSettings = VerificationSettings()
    publish: PublishSettings = PublishSettings()
    tsa: TimestampSettings = TimestampSettings()
    documents: DocumentSettings = DocumentSettings()
    approval: ApprovalSettings = ApprovalSettings()
    passes: PassSettings = PassSettings()

    @property
    def database_url(self) -> str:
        """The database to use."""
        return self.database.url or f"sqlite:///{self.home / DATABASE_FILE}"


def read_settings(home: Path) -> Settings:
    """Read the settings of a home directory. Raises SettingsRefused."""
    return load_settings(Settings, home.absolute())
