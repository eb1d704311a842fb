"""The part of :class:`camtrust.wiring.Services` that stamps and signs, room by room.

Each room is imported when it is first wanted, as the wings of ``Services`` are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from camtrust.approval import ApprovalWiring
    from camtrust.csc import CscWiring
    from camtrust.document_validation import ValidationWiring
    from camtrust.documents import DocumentWiring
    from camtrust.passes import PassWiring
    from camtrust.remote_signing import RemoteSigningWiring
    from camtrust.timestamps import TimestampWiring
    from camtrust.verification import VerificationWiring
    from camtrust.wiring import Services
    from signing.documents.stamps.stamping import Stamping
    from signing.service_keys.certificates import ServiceCertificates
    from signing.service_keys.definition import SignerDefinition
    from signing.service_keys.renewal import ServiceKeyRenewal
    from signing.timestamps.authority import TimestampAuthority


class SigningRooms:
    """What ``Services`` inherits."""

    @cached_property
    def service_certificates(self) -> ServiceCertificates:
        """The certificates under which the service itself signs."""
        from signing.service_keys.certificates import ServiceCertificates

        services = cast("Services", self)
        return ServiceCertificates(
            statuses=services.statuses,
            keys=services.keys,
            authorities=services.authorities,
            clock=services.clock,
        )

    def service_key_renewal(
        self, definitions: Sequence[SignerDefinition], *, token: str, renew_before: timedelta
    ) -> ServiceKeyRenewal:
        """Return what makes such keys in ``token`` and has them certified."""
        from signing.service_keys.renewal import ServiceKeyRenewal

        services = cast("Services", self)
        return ServiceKeyRenewal(
            definitions=definitions,
            token=token,
            renew_before=renew_before,
            issuance=services.issuance,
            keys=services.keys,
            authorities=services.authorities,
            certificates=self.service_certificates,
            profiles=services.profiles,
            leases=services.leases,
            clock=services.clock,
        )

    @cached_property
    def timestamp_wiring(self) -> TimestampWiring:
        """What time-stamps are made with."""
        from camtrust.timestamps import TimestampWiring

        return TimestampWiring(cast("Services", self))

    @property
    def timestamps(self) -> TimestampAuthority:
        """The time-stamping authority."""
        return self.timestamp_wiring.authority

    @cached_property
    def remote_signing(self) -> RemoteSigningWiring:
        """Remote signing keys."""
        from camtrust.remote_signing import RemoteSigningWiring

        return RemoteSigningWiring(cast("Services", self))

    @cached_property
    def stamping(self) -> Stamping:
        """Draws stamps; the fonts are read when the first one is."""
        from signing.documents.stamps.fonts import FontFolder
        from signing.documents.stamps.stamping import Stamping

        settings = cast("Services", self).settings.stamps
        return Stamping(fonts=FontFolder(settings.fonts))

    @cached_property
    def verification(self) -> VerificationWiring:
        """Registered documents, and how anybody checks one."""
        from camtrust.verification import VerificationWiring

        return VerificationWiring(cast("Services", self))

    @cached_property
    def validation(self) -> ValidationWiring:
        """What documents are validated with."""
        from camtrust.document_validation import ValidationWiring

        return ValidationWiring(cast("Services", self))

    @cached_property
    def documents(self) -> DocumentWiring:
        """What documents are signed with."""
        from camtrust.documents import DocumentWiring

        return DocumentWiring(cast("Services", self))

    @cached_property
    def passes(self) -> PassWiring:
        """What passes are verified with."""
        from camtrust.passes import PassWiring

        return PassWiring(cast("Services", self))

    @cached_property
    def csc(self) -> CscWiring:
        """The API of the Cloud Signature Consortium."""
        from camtrust.csc import CscWiring

        return CscWiring(cast("Services", self))

    @cached_property
    def approval(self) -> ApprovalWiring:
        """Circulations of documents."""
        from camtrust.approval import ApprovalWiring

        return ApprovalWiring(cast("Services", self))
