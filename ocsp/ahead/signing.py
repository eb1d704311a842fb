"""Make the stored answers of certificates whose standing was just read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ca.authorities import Authorities, Authority
from ca.revocation.retention import Retention
from ca.revocation.status import CertificateStatus, StatusDirectory
from hsm.keys import SigningKey
from ocsp.identities import Identities, Identity, ResponderMissing, serial_number_of
from ocsp.response import encode_standing
from ocsp.settings import OcspSettings
from ocsp.stored.answers import TEMPLATES, keep_template, withdraw_template
from ocsp.stored.certid import answer_key, cert_id, issuer_tag, prefixes_of
from ocsp.stored.record import AnswerRecord
from ocsp.stored.store import AnswerStore
from ocsp.stored.template import Template, Times


@dataclass(frozen=True)
class SignedAnswers:
    """Records to write, in the order of their keys, and until when each of them holds."""

    records: list[tuple[bytes, bytes]]
    next_update: datetime


@dataclass(frozen=True)
class Responding:
    """Who signs for an authority now: the key, until when, and what its answers share."""

    key: SigningKey
    not_after: datetime
    template: Template


class SigningAhead:
    """Signs answers with the same delegates and the same times as the live responder."""

    def __init__(
        self,
        *,
        authorities: Authorities,
        statuses: StatusDirectory,
        identities: Identities,
        retention: Retention,
        store: AnswerStore,
        settings: OcspSettings,
    ) -> None:
        self._authorities = authorities
        self._statuses = statuses
        self._identities = identities
        self._retention = retention
        self._store = store
        self._settings = settings
        self._templates: dict[bytes, Template] = {}
        self._tags: dict[str, bytes] = {}

    def responding(self, name: str) -> Responding:
        """Return who signs for an authority, and have its answers given.

        Call it after the standings were read: a delegate that was revoked before them signs none
        of them. Raises ResponderMissing, TokenUnavailable, StoreUnavailable.
        """
        identity = self._identities.identity(name)
        if not self._is_good(name, identity):
            # What this process remembers is older than the table.
            self._identities.forget(name)
            identity = self._identities.identity(name)
        template = self._template(self._authorities.authority(name), identity)
        is_new = self._store.value(TEMPLATES + template.id.hex()) is None
        # Each time, for the store may be another one than a moment ago.
        keep_template(self._store, template)
        if is_new and not self._is_good(name, identity):
            # A follower that learned of it before this saw no template to take back.
            withdraw_template(self._store, template)
            self._identities.forget(name)
            raise ResponderMissing(f"{name}'s responder was just revoked.", authority=name)
        return Responding(identity.signer.key, identity.not_after, template)

    def sign(
        self,
        name: str,
        statuses: Sequence[CertificateStatus],
        *,
        version: int,
        read_at: datetime,
        responding: Responding | None = None,
    ) -> SignedAnswers:
        """Return the answers about certificates of one authority, two for each.

        ``version`` is the log's size before the standings were read, ``read_at`` an instant
        before it too. Raises ResponderMissing, StoreUnavailable and what the key raises.
        """
        responding = responding or self.responding(name)
        this_update = read_at.replace(microsecond=0)
        next_update = self._next_update(name, responding, this_update)
        times = Times.of(this_update, next_update)
        template, sign = responding.template, responding.key.sign
        by_sha1, by_sha256 = template.prefixes
        tag = issuer_tag(template.prefixes)
        records = []
        for one in statuses:
            number = one.serial_number
            standing = encode_standing(one.revoked_at, one.reason)
            first = template.to_be_signed(cert_id(by_sha1, number), standing, times)
            second = template.to_be_signed(cert_id(by_sha256, number), standing, times)
            record = AnswerRecord(
                version=version,
                template=template.id,
                this_update=this_update,
                next_update=next_update,
                revoked_at=one.revoked_at,
                reason=one.reason,
                signatures=(sign(first), sign(second)),
            )
            records.append((answer_key(tag, number), record.encode()))
        # Serial numbers of different lengths sort otherwise as keys than as numbers.
        records.sort()
        return SignedAnswers(records, next_update)

    def key_of(self, name: str, serial_number: int) -> bytes:
        """Return where a certificate's answers are stored. Raises AuthorityUnknown."""
        tag = self._tags.get(name)
        if tag is None:
            # An authority never has another name or key.
            tag = self._tags[name] = issuer_tag(prefixes_of(self._authorities.authority(name)))
        return answer_key(tag, serial_number)

    def forget(self, name: str) -> None:
        """Look for an authority's delegate anew: it was revoked."""
        self._identities.forget(name)

    def _is_good(self, name: str, identity: Identity) -> bool:
        serial_number = serial_number_of(identity.signer.certificate_der)
        status = self._statuses.statuses(name, [serial_number]).get(serial_number)
        return status is not None and status.is_good

    def _template(self, authority: Authority, identity: Identity) -> Template:
        signer = identity.signer
        keeps = self._retention.keeps_expired(authority.name)
        made = Template(
            authority=authority.name,
            prefixes=prefixes_of(authority),
            certificate_der=signer.certificate_der,
            serial_number=serial_number_of(signer.certificate_der),
            key_hash=signer.key_hash,
            algorithm=signer.key.algorithm,
            archive_cutoff=self._retention.kept_since(authority.name) if keeps else None,
        )
        # What a template has worked out once, it keeps.
        return self._templates.setdefault(made.id, made)

    def _next_update(self, name: str, responding: Responding, this_update: datetime) -> datetime:
        issuer = self._authorities.known(name)
        valid = self._settings.validity_of(name, issuer.role).valid
        # An answer holds no longer than who signed it, or who certified that signer.
        next_update = min(
            this_update + valid, responding.not_after, issuer.certificate.not_valid_after_utc
        )
        if next_update <= this_update:
            raise ResponderMissing(f"{name} or its responder has expired.", authority=name)
        return next_update
