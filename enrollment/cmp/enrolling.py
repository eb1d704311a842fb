"""ir, cr, p10cr and kur: from a request to a certificate (RFC 9483, Section 4.1).

A transaction is one certificate, counted once. Where a part of the service is away the client is
told to wait, and polls (Section 4.4); what was asked for is kept till then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509

from ca.authorities import Authorities
from ca.csr import RequestedTemplate, VerifiedCsr, verify_cert_request, verify_csr
from ca.issuance.errors import IssuanceInProgress
from ca.profiles import Profile
from ca.register import GOOD, RegisteredCertificate
from core import oids
from core.clock import Clock
from core.errors import CamtrustError, Unavailable
from enrollment.cmp.bodies import NO_ID, checked_id, read_old_certificate, read_request
from enrollment.cmp.confirming import Unwanted
from enrollment.cmp.encoding import time
from enrollment.cmp.errors import (
    CmpCertificateRevoked,
    CmpCertificateUnknown,
    CmpIssuerWrong,
    CmpNotAuthorized,
    CmpTransactionUnknown,
    CmpUpdateMismatch,
)
from enrollment.cmp.info_types import CONFIRM_WAIT_TIME, IMPLICIT_CONFIRM
from enrollment.cmp.message import REPLIES, Body, Header, Info
from enrollment.cmp.names import comparable
from enrollment.cmp.own_certificates import OwnCertificates
from enrollment.cmp.protection import Sender
from enrollment.cmp.replies import (
    IssuedReply,
    Reply,
    Status,
    certificate_content,
    no_certificate_content,
    poll_content,
    rejection,
    status_info,
)
from enrollment.cmp.settings import CmpSettings
from enrollment.cmp.transactions import Opening, Transaction, Transactions
from enrollment.cmp.writing import new_nonce
from enrollment.delivery import DeliveredCertificate
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.issuing import GrantedIssuance, GrantedRequest
from enrollment.grants.names import facts_of_names, names_asked

_NULL = b"\x05\x00"
_LATER = "A part of the service is away, or busy with this request. Ask again later; it is kept."


@dataclass(frozen=True)
class Asked:
    """A request that was verified; ``template`` is None for PKCS #10."""

    csr: VerifiedCsr
    template: RequestedTemplate | None

    @property
    def cert_req_id(self) -> int:
        """The number that the answer repeats."""
        return NO_ID if self.template is None else checked_id(self.template.cert_req_id)


class Enrolling:
    """Issues certificates within grants, at once or later."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        issuance: GrantedIssuance,
        own: OwnCertificates,
        unwanted: Unwanted,
        authorities: Authorities,
        profiles: Mapping[str, Profile],
        settings: CmpSettings,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._issuance = issuance
        self._own = own
        self._unwanted = unwanted
        self._authorities = authorities
        self._profiles = profiles
        self._settings = settings
        self._clock = clock

    def enroll(
        self, sender: Sender, grant: Grant, body: Body, content: bytes, header: Header
    ) -> Reply:
        """Begin a transaction and issue, or tell why not, or to wait.

        Raises what cannot be read, and CmpTransactionInUse; a refusal is an answer.
        """
        asked = read_asked(grant, body, content)
        transaction = self._transactions.begin(
            Opening(
                client=sender.name,
                transaction_id=header.transaction_id or b"",
                grant_id=grant.id,
                body=body,
                cert_req_id=asked.cert_req_id,
                request_der=content,
                message_time=header.message_time,
            )
        )
        return self._issue(sender, grant, transaction, asked, header)

    def poll(self, sender: Sender, grant: Grant, transaction: Transaction, header: Header) -> Reply:
        """Try a delayed request again. RFC 9483, Section 4.4."""
        asked = read_asked(grant, transaction.body, transaction.request_der or b"")
        return self._issue(sender, grant, transaction, asked, header, polled=True)

    def _issue(
        self,
        sender: Sender,
        grant: Grant,
        transaction: Transaction,
        asked: Asked,
        header: Header,
        *,
        polled: bool = False,
    ) -> Reply:
        try:
            request = self._request(sender, grant, transaction, asked)
            delivered = self._issuance.issue(request)
        except (Unavailable, IssuanceInProgress):
            return self._wait(transaction, polled=polled)
        except CamtrustError as refusal:
            self._transactions.close(transaction)
            content = no_certificate_content(transaction.cert_req_id, rejection(refusal))
            return Reply(REPLIES[transaction.body], content, refusal=refusal)
        return self._deliver(sender, transaction, asked, delivered, header)

    def _wait(self, transaction: Transaction, *, polled: bool) -> Reply:
        nonce = new_nonce()
        self._transactions.delay(transaction, nonce=nonce)
        if polled:
            wait = timedelta(seconds=self._settings.poll_seconds)
            content = poll_content(transaction.cert_req_id, wait, _LATER)
            return Reply(Body.POLLREP, content, nonce=nonce)
        status = status_info(Status.WAITING, _LATER)
        content = no_certificate_content(transaction.cert_req_id, status)
        return Reply(REPLIES[transaction.body], content, nonce=nonce)

    def _deliver(
        self,
        sender: Sender,
        transaction: Transaction,
        asked: Asked,
        delivered: DeliveredCertificate,
        header: Header,
    ) -> Reply:
        nonce = new_nonce()
        confirmed = header.info(IMPLICIT_CONFIRM) is not None
        try:
            self._transactions.deliver(transaction, nonce=nonce, confirmed=confirmed)
        except CmpTransactionUnknown:
            # It was given up while we issued: nobody gets this certificate.
            self._unwanted.revoke(transaction)
            raise
        # RFC 9483, Section 4.1.1: an anchor is news only to a client that begins with a secret.
        anchors = delivered.chain[-1:] if sender.held is None and _is_first(transaction) else ()
        issued = _reply_of(asked, delivered, anchors)
        info = (
            Info(IMPLICIT_CONFIRM, _NULL)
            if confirmed
            else Info(CONFIRM_WAIT_TIME, time(self._transactions.confirm_before()))
        )
        return Reply(
            REPLIES[transaction.body],
            certificate_content(transaction.cert_req_id, issued),
            general_info=(info,),
            certificates=delivered.chain[:-1],
            nonce=nonce,
        )

    def _request(
        self, sender: Sender, grant: Grant, transaction: Transaction, asked: Asked
    ) -> GrantedRequest:
        updates = transaction.body is Body.KUR
        self._check_issuer(grant, asked.template)
        names = names_asked(asked.csr)
        if updates:
            names = self._names_kept(sender, grant, asked, names)
        return GrantedRequest(
            grant_id=grant.id,
            protocol=GrantProtocol.CMP,
            csr=asked.csr,
            reference=transaction.reference,
            facts=facts_of_names(grant, names),
            not_after=None if asked.template is None else asked.template.not_after,
            renews=updates,
        )

    def _check_issuer(self, grant: Grant, template: RequestedTemplate | None) -> None:
        if template is None or template.issuer_der is None:
            return
        role = self._profiles[grant.profile].default_issuer_role
        issuer = self._authorities.issuer_for_role(role).certificate.subject
        if comparable(template.issuer_der) != comparable(issuer.public_bytes()):
            raise CmpIssuerWrong(
                f"Name as issuer {issuer.rfc4514_string()}, or nobody.",
                kept="Nothing was stored and no certificate was issued.",
            )

    def _names_kept(
        self, sender: Sender, grant: Grant, asked: Asked, names: tuple[str, ...]
    ) -> tuple[str, ...]:
        old = x509.load_der_x509_certificate(self._updated(sender, grant, asked).certificate_der)
        subject = None if asked.template is None else asked.template.subject_der
        if subject is not None and comparable(subject) != comparable(old.subject.public_bytes()):
            raise CmpUpdateMismatch("Take the subject from the certificate that you update.")
        kept = tuple(one.lower() for one in _dns_names(old))
        if names and set(names) != set(kept):
            raise CmpUpdateMismatch("Take the names from the certificate that you update.")
        return kept

    def _updated(self, sender: Sender, grant: Grant, asked: Asked) -> RegisteredCertificate:
        control = None if asked.template is None else asked.template.controls.get(oids.OLD_CERT_ID)
        if control is not None:
            named = read_old_certificate(control)
            old = self._own.find(named.issuer_der, named.serial_number, grant.id)
        elif sender.held is not None:
            old = sender.held
        else:
            raise CmpCertificateUnknown("Name the certificate that you update in oldCertId.")
        if sender.held is not None and not _is_same(sender.held, old):
            # RFC 9483, Section 4.1.3: signed with the key of the certificate that is updated.
            raise CmpNotAuthorized("Sign with the certificate that you update.")
        if old.standing != GOOD or old.not_after <= self._clock.now():
            raise CmpCertificateRevoked("It is revoked, on hold or over: ask anew by ir or cr.")
        return old


def read_asked(grant: Grant, body: Body, content: bytes) -> Asked:
    """Verify a request. Raises what :mod:`ca.csr` raises, CmpMalformed and CmpBodyNotOffered."""
    request = read_request(body, content)
    if body is Body.P10CR:
        return Asked(verify_csr(request), None)
    believed = grant.verifies_possession
    return Asked(*verify_cert_request(request, sender_is_believed=believed))


def _is_same(one: RegisteredCertificate, other: RegisteredCertificate) -> bool:
    return (one.authority, one.serial_number) == (other.authority, other.serial_number)


def _is_first(transaction: Transaction) -> bool:
    return transaction.body is Body.IR


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return found.value.get_values_for_type(x509.DNSName)


def _reply_of(
    asked: Asked, delivered: DeliveredCertificate, anchors: tuple[x509.Certificate, ...]
) -> IssuedReply:
    certificate = x509.load_der_x509_certificate(delivered.certificate_der)
    subject = tuple((one.oid.dotted_string, one.value) for one in certificate.subject)
    if asked.csr.subject and asked.csr.subject != subject:
        note = "The subject is the one that the officers granted, not the one asked for."
        return IssuedReply(delivered.certificate_der, Status.GRANTED_WITH_MODS, note, anchors)
    return IssuedReply(delivered.certificate_der, Status.ACCEPTED, None, anchors)
