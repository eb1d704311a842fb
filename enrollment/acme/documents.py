"""ACME's resources as JSON (RFC 8555, Sections 7.1.1 to 7.1.5; RFC 9773, Section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ca.profiles import Profile
from enrollment.acme.account import Account
from enrollment.acme.addresses import Addresses
from enrollment.acme.issued import IssuedCertificate
from enrollment.acme.order import Authorization, ChallengeRow, Order, State
from enrollment.acme.payloads import rfc3339
from enrollment.acme.settings import AcmeSettings

Document = dict[str, Any]


class Documents:
    """Writes resources down."""

    def __init__(
        self, *, addresses: Addresses, settings: AcmeSettings, profiles: Mapping[str, Profile]
    ) -> None:
        self._at = addresses
        self._settings = settings
        self._profiles = profiles

    def directory(self) -> Document:
        """Return where everything is, and what is asked of clients (Section 7.1.1)."""
        settings = self._settings
        meta = {
            "termsOfService": settings.terms_of_service,
            "website": settings.website,
            "caaIdentities": list(settings.validation.caa_identities),
            "externalAccountRequired": settings.external_account_required,
            "profiles": {
                name: self._profiles[name].title
                for name in settings.profiles
                if name in self._profiles
            },
        }
        return {
            "newNonce": self._at.at("/new-nonce"),
            "newAccount": self._at.at("/new-account"),
            "newOrder": self._at.at("/new-order"),
            "newAuthz": self._at.at("/new-authorization"),
            "revokeCert": self._at.at("/revoke-certificate"),
            "keyChange": self._at.at("/key-change"),
            "renewalInfo": self._at.at("/renewal-info"),
            "meta": {name: value for name, value in meta.items() if value not in ("", [])},
        }

    def account(self, account: Account) -> Document:
        """Return an account (Section 7.1.2)."""
        return {
            "status": str(account.state),
            "contact": list(account.contacts),
            "termsOfServiceAgreed": account.terms_agreed,
            "orders": self._at.account(account.id) + "/orders",
        }

    def order(self, order: Order, now: datetime) -> Document:
        """Return an order as it stands at ``now`` (Section 7.1.3)."""
        state = order.state(now)
        document: Document = {
            "status": str(state),
            "expires": rfc3339(order.expires_at),
            "identifiers": [{"type": "dns", "value": name} for name in order.dns_names],
            "profile": order.profile,
            "authorizations": [self._at.authorization(one.id) for one in order.authorizations],
            "finalize": self._at.order(order.id) + "/finalize",
        }
        if order.not_after is not None:
            document["notAfter"] = rfc3339(order.not_after)
        if order.replaces is not None:
            document["replaces"] = order.replaces
        if order.error is not None:
            document["error"] = dict(order.error)
        if state is State.VALID:
            document["certificate"] = self._at.certificate(order.id)
        return document

    def authorization(self, held: Authorization, now: datetime) -> Document:
        """Return an authorization as it stands at ``now`` (Section 7.1.4)."""
        shown = held.challenges
        if held.stored_state is State.VALID:
            shown = tuple(one for one in shown if one.state is State.VALID)
        return {
            "status": str(held.state(now)),
            "expires": rfc3339(held.expires_at),
            "identifier": {"type": "dns", "value": held.dns_name},
            "challenges": [self.challenge(one) for one in shown],
        }

    def challenge(self, challenge: ChallengeRow) -> Document:
        """Return a challenge (Sections 7.1.5 and 8)."""
        document: Document = {
            "type": challenge.kind,
            "url": self._at.challenge(challenge.id),
            "status": str(challenge.state),
            "token": challenge.token,
        }
        if challenge.validated_at is not None:
            document["validated"] = rfc3339(challenge.validated_at)
        if challenge.error is not None:
            document["error"] = dict(challenge.error)
        return document

    def renewal_information(self, found: IssuedCertificate) -> Document:
        """Return when to renew a certificate (RFC 9773, Section 4.2)."""
        start, end = found.renewal_window
        return {"suggestedWindow": {"start": rfc3339(start), "end": rfc3339(end)}}
