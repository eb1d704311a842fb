"""rr: a client revokes a certificate of its grant (RFC 9483, Section 4.2)."""

from __future__ import annotations

from ca.register import GOOD
from ca.revocation.reasons import RevocationReason
from core.errors import CamtrustError, Unavailable
from enrollment.cmp.bodies import NO_ID, RevocationAsked
from enrollment.cmp.confirming import Revoker
from enrollment.cmp.errors import CmpCertificateRevoked, CmpReasonRefused
from enrollment.cmp.message import Body, Header
from enrollment.cmp.own_certificates import OwnCertificates
from enrollment.cmp.protection import Sender
from enrollment.cmp.replies import Reply, Status, rejection, revocation_content, status_info
from enrollment.cmp.transactions import Opening, Transactions

# What a holder can know. The others are an authority's or an officer's to say.
REASONS = {
    one.code: one
    for one in (
        RevocationReason.UNSPECIFIED,
        RevocationReason.KEY_COMPROMISE,
        RevocationReason.AFFILIATION_CHANGED,
        RevocationReason.SUPERSEDED,
        RevocationReason.CESSATION_OF_OPERATION,
    )
}


class Revoking:
    """Revokes certificates within grants."""

    def __init__(
        self, *, transactions: Transactions, own: OwnCertificates, revocation: Revoker
    ) -> None:
        self._transactions = transactions
        self._own = own
        self._revocation = revocation

    def revoke(self, sender: Sender, asked: RevocationAsked, header: Header) -> Reply:
        """Revoke a certificate, or tell why not.

        Raises CmpTransactionInUse, and Unavailable, after which a new transaction may succeed.
        """
        transaction = self._transactions.begin(
            Opening(
                client=sender.name,
                transaction_id=header.transaction_id or b"",
                grant_id=sender.grant_id,
                body=Body.RR,
                cert_req_id=NO_ID,
                request_der=None,
                message_time=header.message_time,
            )
        )
        refusal = self._attempt(sender, asked)
        self._transactions.close(transaction)
        status = status_info(Status.ACCEPTED) if refusal is None else rejection(refusal)
        return Reply(Body.RP, revocation_content(status), refusal=refusal)

    def _attempt(self, sender: Sender, asked: RevocationAsked) -> CamtrustError | None:
        try:
            self._revoke(sender, asked)
        except Unavailable:
            raise
        except CamtrustError as refusal:
            return refusal
        return None

    def _revoke(self, sender: Sender, asked: RevocationAsked) -> None:
        held = self._own.find(asked.issuer_der, asked.serial_number, sender.grant_id)
        if asked.reason not in REASONS:
            known = ", ".join(map(str, sorted(REASONS)))
            raise CmpReasonRefused(f"The codes that can be given are {known}.")
        if held.standing != GOOD:
            raise CmpCertificateRevoked("The certificate is revoked or on hold already.")
        self._revocation.revoke(
            serial_number=held.serial_number,
            authority=held.authority,
            reason=REASONS[asked.reason],
        )
