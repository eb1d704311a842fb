"""The CMP server: a message in, a message out, whoever asks over whichever listener."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ca.authorities import Authorities
from ca.profiles import Profile
from ca.register import CertificateRegister
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Unavailable
from enrollment.cmp.began_by import BeganBy
from enrollment.cmp.bodies import (
    read_confirmation,
    read_poll,
    read_questions,
    read_revocation,
)
from enrollment.cmp.certifying import ServerCertificates
from enrollment.cmp.confirming import Confirming, Revoker, Unwanted
from enrollment.cmp.enrolling import Enrolling
from enrollment.cmp.errors import (
    CmpBodyNotOffered,
    CmpCertHashWrong,
    CmpNotAuthorized,
)
from enrollment.cmp.header import check_header, check_version
from enrollment.cmp.info_types import CERT_PROFILE
from enrollment.cmp.informing import Informing
from enrollment.cmp.message import REPLIES, Body, Header, PkiMessage
from enrollment.cmp.own_certificates import OwnCertificates
from enrollment.cmp.profiles_named import profile_in
from enrollment.cmp.protection import (
    Certificates,
    Protection,
    Protector,
    Sender,
    Unprotected,
)
from enrollment.cmp.reading import parse_message
from enrollment.cmp.replies import Reply, error_reply
from enrollment.cmp.revoking import Revoking
from enrollment.cmp.settings import CmpSettings
from enrollment.cmp.transactions import State, Transaction, Transactions
from enrollment.cmp.writing import UNKNOWN, write_answer
from enrollment.grants.grant import Grant, GrantProtocol, GrantState
from enrollment.grants.grants import Grants
from enrollment.grants.issuing import GrantedIssuance
from enrollment.grants.secrets import GrantSecrets


@dataclass(frozen=True)
class Answer:
    """A PKIMessage in DER, and the problem that it tells of, if it does."""

    message_der: bytes
    problem: str | None


@dataclass(frozen=True)
class Question:
    """A message whose sender and header are in order. ``label``: the profile in its address."""

    message: PkiMessage
    sender: Sender
    grant: Grant
    label: str | None

    @property
    def header(self) -> Header:
        """The message's header."""
        return self.message.header


class CmpServer:
    """Answers messages; every step of a transaction stands in the database."""

    def __init__(
        self,
        *,
        database: Database,
        grants: Grants,
        secrets: GrantSecrets,
        issuance: GrantedIssuance,
        revocation: Revoker,
        certificates: Certificates,
        server_certificates: ServerCertificates,
        register: CertificateRegister,
        authorities: Authorities,
        profiles: Mapping[str, Profile],
        settings: CmpSettings,
        clock: Clock,
    ) -> None:
        self._grants = grants
        self._authorities = authorities
        self._settings = settings
        self._clock = clock
        self.profiles = profiles
        self.server_certificates = server_certificates
        self.transactions = Transactions(database=database, settings=settings, clock=clock)
        self.unwanted = Unwanted(
            transactions=self.transactions, register=register, revocation=revocation
        )
        self._protection = Protection(
            secrets=secrets,
            certificates=certificates,
            signers=server_certificates,
            known=BeganBy(transactions=self.transactions, register=register),
            issued=issuance,
        )
        own = OwnCertificates(authorities=authorities, register=register, issued=issuance)
        self._enrolling = Enrolling(
            transactions=self.transactions,
            issuance=issuance,
            own=own,
            unwanted=self.unwanted,
            authorities=authorities,
            profiles=profiles,
            settings=settings,
            clock=clock,
        )
        self._confirming = Confirming(transactions=self.transactions, unwanted=self.unwanted)
        self._revoking = Revoking(transactions=self.transactions, own=own, revocation=revocation)
        self._informing = Informing(authorities=authorities, profiles=profiles)

    @property
    def largest_message_octets(self) -> int:
        """The size of the largest message that is read."""
        return self._settings.largest_message_octets

    def answer(self, data: bytes, *, label: str | None = None) -> Answer:
        """Answer a PKIMessage in DER, every refusal by a message too (RFC 9483, Section 3.6)."""
        header: Header = UNKNOWN
        protector: Protector = Unprotected()
        try:
            message = parse_message(data)
            header = message.header
            check_version(header)
            sender, protector = self._protection.prove(message)
            reply = self._reply(message, sender, label)
        except CamtrustError as refusal:
            reply = error_reply(refusal)
        return self._write(header, reply, protector)

    def _write(self, header: Header, reply: Reply, protector: Protector) -> Answer:
        now = self._clock.now()
        try:
            der = write_answer(header, reply, protector, now)
        except Unavailable as away:
            # The token went away since: what cannot be signed is said without a signature.
            reply = error_reply(away)
            der = write_answer(header, reply, Unprotected(), now)
        return Answer(der, None if reply.refusal is None else reply.refusal.problem)

    def _reply(self, message: PkiMessage, sender: Sender, label: str | None) -> Reply:
        check_header(
            message.header,
            now=self._clock.now(),
            clock_difference=self._settings.clock_difference,
            own_names=self._names(),
        )
        act = self._acts().get(message.body)
        if act is None:
            raise CmpBodyNotOffered(f"The server answers no {message.body.word}.")
        grant = self._grants.find(sender.grant_id)
        _check_grant(sender, grant)
        return act(Question(message, sender, grant, label))

    def _acts(self) -> Mapping[Body, Callable[[Question], Reply]]:
        return {
            **dict.fromkeys(REPLIES, self._enroll),
            Body.POLLREQ: self._poll,
            Body.CERTCONF: self._confirm,
            Body.ERROR: self._end,
            Body.RR: self._revoke,
            Body.GENM: self._inform,
        }

    def _enroll(self, question: Question) -> Reply:
        grant = self._grants.usable(question.grant.id, GrantProtocol.CMP)
        named = (question.label, profile_in(question.header.info(CERT_PROFILE)))
        if {*named} - {None, grant.profile}:
            raise CmpNotAuthorized(f"This grant is for the profile {grant.profile} alone.")
        message = question.message
        return self._enrolling.enroll(
            question.sender, grant, message.body, message.content, message.header
        )

    def _poll(self, question: Question) -> Reply:
        transaction = self._transaction(question, State.WAITING)
        if read_poll(question.message) != transaction.cert_req_id:
            raise CmpBodyNotOffered("Poll for the certificate request by the number that it had.")
        return self._enrolling.poll(question.sender, question.grant, transaction, question.header)

    def _confirm(self, question: Question) -> Reply:
        confirmation = read_confirmation(question.message)
        if confirmation is not None and confirmation.hash_algorithm and question.header.pvno < 3:
            # RFC 9810, Section 7: hashAlg is new in cmp2021.
            raise CmpCertHashWrong("Set pvno to 3 for a confirmation with hashAlg.")
        transaction = self._transaction(question, State.UNCONFIRMED)
        return self._confirming.confirm(transaction, confirmation)

    def _end(self, question: Question) -> Reply:
        # RFC 9483, Section 3.6: a client that cannot go on says so, and gets pkiConf.
        return self._confirming.reject(self._transaction(question, State.UNCONFIRMED))

    def _revoke(self, question: Question) -> Reply:
        asked = read_revocation(question.message)
        return self._revoking.revoke(question.sender, asked, question.header)

    def _inform(self, question: Question) -> Reply:
        return self._informing.inform(question.grant, read_questions(question.message))

    def _transaction(self, question: Question, state: State) -> Transaction:
        return self.transactions.find(
            question.sender.name,
            question.header.transaction_id or b"",
            grant_id=question.grant.id,
            state=state,
            recip_nonce=question.header.recip_nonce,
        )

    def _names(self) -> list[bytes]:
        own = self.server_certificates.name()
        known = [one.certificate.subject.public_bytes() for one in self._authorities.all()]
        return known if own is None else [own, *known]


def _check_grant(sender: Sender, grant: Grant) -> None:
    """Raise CmpNotAuthorized where a grant's secret, or its protocol, gives nothing any more.

    Whether it may still issue is asked apart: a holder revokes when it is over, too.
    """
    if grant.protocol is not GrantProtocol.CMP:
        raise CmpNotAuthorized(f"This grant is for {grant.protocol} alone.")
    if sender.held is None and grant.state is not GrantState.ACTIVE:
        raise CmpNotAuthorized(f"This grant is {grant.state}.")
