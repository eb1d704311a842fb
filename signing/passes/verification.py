"""The verifier: one function for every format. Nothing is fetched, nothing is kept.

1. The code is opened: its format is told, its form is checked (``formats``).
2. Its signer is looked for among those who are trusted (``trust``).
3. The signature is verified, by each signer that the code may mean.
4. Only then is what it says looked at: whether this signer may sign that, whether the content is
   what such a pass contains, whether its time has come and is not over, whether the signer's
   certificate was valid at issuing and is now, and whether it was taken back (``standing``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from core.clock import Clock
from signing.passes.codecs.signatures import SignatureWrong, check_signature
from signing.passes.errors import PassRefused
from signing.passes.formats.opened import (
    Enclosed,
    NamedKey,
    NamedThumbprint,
    OpenedPass,
    SignerName,
)
from signing.passes.formats.recognition import open_codes
from signing.passes.rules.countries import are_one_country, are_two_countries
from signing.passes.settings import PassSettings
from signing.passes.standing import standing_of
from signing.passes.statuses import SEVERITY, Status
from signing.passes.trust.certificates import PassCertificate
from signing.passes.trust.signers import Signer, TrustStore
from signing.passes.verdict import Verdict

# Characters of what a code says of its issuer, which is repeated before anything is believed.
_LONGEST_ISSUER = 200


@dataclass(frozen=True)
class Finding:
    """One thing that keeps a signed pass from being good."""

    status: Status
    reason: str


class PassVerifier:
    """Judges codes against one store of trust."""

    def __init__(
        self, *, trust: TrustStore, clock: Clock, settings: PassSettings | None = None
    ) -> None:
        self._trust = trust
        self._clock = clock
        self._settings = settings or PassSettings()

    def verify(self, *codes: str, at: datetime | None = None) -> Verdict:
        """Judge the pass that a code holds, or the codes of one card, at an instant or now."""
        moment = at or self._clock.now()
        try:
            opened = open_codes(codes, self._settings)
        except PassRefused as error:
            return Verdict(error.status, (error.detail,), moment)
        try:
            signer = self._signer(opened, moment)
        except PassRefused as error:
            return _verdict(opened, [Finding(error.status, error.detail)], moment, None)
        standing = standing_of(opened, signer, self._trust, moment)
        findings = [
            *self._findings(opened, signer, moment),
            *(Finding(Status.REVOKED, one) for one in standing.revoked),
        ]
        return _verdict(opened, findings, moment, signer, standing.notes)

    def _signer(self, opened: OpenedPass, moment: datetime) -> Signer:
        # A list that says whose key it is by an address says so of that issuer alone.
        candidates = [
            one
            for one in self._candidates(opened.signer, moment)
            if _may_speak_for(one, opened.issuer)
        ]
        if not candidates:
            raise PassRefused(
                Status.ISSUER_NOT_TRUSTED, "Its signer is not among those who are trusted here."
            )
        standing = [one for one in candidates if not self._is_revoked(one)]
        if not standing:
            raise PassRefused(
                Status.ISSUER_NOT_TRUSTED, "The certificate of its signer was revoked."
            )
        proven = _who_signed(opened, standing)
        # One key may stand on several lists, and each is about something else.
        return next((one for one in proven if not any(_usage_findings(opened, one))), proven[0])

    def _candidates(self, name: SignerName, moment: datetime) -> Sequence[Signer]:
        match name:
            case NamedKey(key_id):
                return self._trust.named(key_id)
            case NamedThumbprint(thumbprint):
                return self._trust.with_thumbprint(thumbprint)
            case Enclosed(certificate):
                return self._enclosed(certificate, moment)

    def _enclosed(self, certificate: PassCertificate, moment: datetime) -> Sequence[Signer]:
        listed = self._trust.with_certificate(certificate)
        authority = self._trust.authority_of(certificate, moment)
        if authority is None:
            return listed
        if authority.is_valid_at(moment):
            signer = Signer(
                key=certificate.key,
                source=authority.subject,
                certificate=certificate,
                issuer=certificate.issuer_country,
            )
            return (*listed, signer)
        if listed:
            return listed
        raise PassRefused(
            Status.ISSUER_NOT_TRUSTED, "The certificate of its signer's authority is not valid."
        )

    def _is_revoked(self, signer: Signer) -> bool:
        return signer.certificate is not None and self._trust.is_revoked(signer.certificate)

    def _findings(self, opened: OpenedPass, signer: Signer, moment: datetime) -> Iterator[Finding]:
        yield from _usage_findings(opened, signer)
        for fault in (*opened.faults, *opened.content.faults):
            yield Finding(Status.INVALID_SCHEMA, fault)
        yield from self._time_findings(opened, moment)
        if signer.certificate is not None:
            yield from self._key_findings(signer.certificate, opened, moment)

    def _time_findings(self, opened: OpenedPass, moment: datetime) -> Iterator[Finding]:
        if self._is_ahead(opened.issued_at, moment):
            yield Finding(
                Status.NOT_YET_VALID, f"It is dated {_day(opened.issued_at)}, in the future."
            )
        for start in (opened.not_before, opened.content.not_before):
            if self._is_ahead(start, moment) and start != opened.issued_at:
                yield Finding(Status.NOT_YET_VALID, f"It counts from {_day(start)} on.")
        for end in (opened.expires_at, opened.content.expires_at):
            # RFC 8392 has "on or after"; the HCERT specification, Section 3.3.4, has "after".
            if end is not None and end < moment:
                yield Finding(Status.EXPIRED, f"It expired on {_day(end)}.")

    def _is_ahead(self, start: datetime | None, moment: datetime) -> TypeGuard[datetime]:
        # By the difference: the last instants that Python knows cannot be added to.
        return start is not None and start - moment > self._settings.clock_tolerance

    def _key_findings(
        self, certificate: PassCertificate, opened: OpenedPass, moment: datetime
    ) -> Iterator[Finding]:
        issued_at = opened.issued_at
        if issued_at is not None and not certificate.is_valid_at(issued_at):
            yield Finding(
                Status.KEY_EXPIRED,
                f"It was issued on {_day(issued_at)}, when its signer's certificate was not valid.",
            )
        if opened.content.usage.outlives_signer:
            return
        if moment > certificate.not_after:
            until = _day(certificate.not_after)
            yield Finding(Status.KEY_EXPIRED, f"Its signer's certificate expired on {until}.")
        elif self._is_ahead(certificate.not_before, moment):
            since = _day(certificate.not_before)
            yield Finding(Status.KEY_EXPIRED, f"Its signer's certificate counts from {since} on.")


def _who_signed(opened: OpenedPass, candidates: Sequence[Signer]) -> Sequence[Signer]:
    found, wrong = [], ""
    for signer in candidates:
        try:
            check_signature(signer.key, opened.signed)
        except SignatureWrong as error:
            wrong = error.args[0]
        else:
            found.append(signer)
    if not found:
        raise PassRefused(Status.INVALID_SIGNATURE, wrong)
    return found


def _usage_findings(opened: OpenedPass, signer: Signer) -> Iterator[Finding]:
    usage = opened.content.usage
    if signer.certificate is not None and not usage.allows(signer.certificate):
        yield Finding(
            Status.WRONG_KEY_USAGE,
            f"Its signer's certificate is not for passes of this kind ({opened.content.kind}).",
        )
    if signer.formats is not None and opened.format not in signer.formats:
        yield Finding(
            Status.WRONG_KEY_USAGE,
            f"Its signer is not trusted for codes of the format {opened.format}.",
        )
    if usage.own_country and opened.issuer is not None:
        # Whoever issued the certificate answers for it; what it says of its holder may be anything.
        country = signer.certificate.issuer_country if signer.certificate is not None else None
        if not are_one_country(opened.issuer, country):
            yield Finding(
                Status.WRONG_KEY_USAGE,
                f"Its signer's authority is of {country or 'no country'}, and may not issue for "
                f"{opened.issuer[:_LONGEST_ISSUER]}.",
            )
    if usage.domain and signer.domain and usage.domain != signer.domain:
        yield Finding(
            Status.WRONG_KEY_USAGE,
            f"Its signer is trusted for {signer.domain}, not for {usage.domain}.",
        )


def _may_speak_for(signer: Signer, issuer: str | None) -> bool:
    named = signer.issuer or ""
    return not named.startswith("https://") or named == issuer


def _verdict(
    opened: OpenedPass,
    findings: Sequence[Finding],
    moment: datetime,
    signer: Signer | None,
    notes: Sequence[str] = (),
) -> Verdict:
    status = min((one.status for one in findings), key=SEVERITY.index, default=Status.VERIFIED)
    ordered = sorted(findings, key=lambda one: SEVERITY.index(one.status))
    content = opened.content
    believed = signer is not None
    return Verdict(
        status=status,
        reasons=tuple(one.reason for one in ordered) or ("Genuine, unaltered and in force.",),
        at=moment,
        format=opened.format,
        kind=content.kind,
        issuer=opened.issuer[:_LONGEST_ISSUER] if opened.issuer is not None else None,
        subject=content.subject if believed else None,
        identifier=content.identifier if believed else None,
        signer=signer,
        issued_at=opened.issued_at,
        not_before=opened.content.not_before or opened.not_before,
        expires_at=min(
            (one for one in (opened.expires_at, content.expires_at) if one is not None),
            default=None,
        ),
        notes=() if signer is None else (*_notes(opened, signer, moment), *notes),
    )


def _notes(opened: OpenedPass, signer: Signer, moment: datetime) -> Iterator[str]:
    yield from opened.content.notes
    yield from (one.text for one in opened.content.dated_notes if one.is_true_at(moment))
    # Published certificates of member states name other countries: told, not refused.
    if are_two_countries(opened.issuer, signer.issuer):
        yield f"The code says that {opened.issuer} issued it; its signer is of {signer.issuer}."


def _day(moment: datetime) -> str:
    # Not by strftime, which writes the year 27 with two digits.
    return f"{moment.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"
