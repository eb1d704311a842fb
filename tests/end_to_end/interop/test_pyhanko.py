"""pyHanko's certificate validator, as a verifier of documents uses it: no chain without status.

It asks the responder, or takes CRLs. It finds the delta of a complete CRL that names one only
where the certificate names it too, so a verifier who goes by our CRLs gives it both.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import InsufficientRevinfoError, RevokedError
from pyhanko_certvalidator.fetchers.requests_fetchers import RequestsFetcherBackend
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from camtrust.wiring import Services
from tests.end_to_end.interop.conftest import SUBSCRIBERS, WITH_OCSP, Nation, shard_of

BY_OCSP = RevocationCheckingRule.OCSP_REQUIRED
BY_CRL = RevocationCheckingRule.CRL_REQUIRED


def load(nation: Nation, name: str) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load((nation.folder / f"{name}.der").read_bytes())


def validate(
    nation: Nation,
    authority: str,
    name: str,
    rule: RevocationCheckingRule,
    crls: list[bytes] | None = None,
) -> None:
    """Build the path and check each certificate of it. Raises what the validator raises."""
    policy = RevocationCheckingPolicy(ee_certificate_rule=rule, intermediate_ca_cert_rule=rule)
    context = ValidationContext(
        trust_roots=[load(nation, SUBSCRIBERS[authority].anchor)],
        other_certs=[load(nation, authority)],
        allow_fetching=crls is None,
        crls=crls,
        revinfo_policy=CertRevTrustPolicy(policy),
        fetcher_backend=RequestsFetcherBackend(),
        # An answer is younger than the moment at which the validator begins to ask for it.
        time_tolerance=timedelta(minutes=1),
    )
    certificate = load(nation, f"{authority}-{name}")
    validator = CertificateValidator(certificate, validation_context=context)
    asyncio.run(validator.async_validate_usage(set()))


@pytest.mark.parametrize("authority", WITH_OCSP)
def test_the_responder_is_asked_about_the_whole_chain(live: Nation, authority: str) -> None:
    validate(live, authority, "good", BY_OCSP)
    with pytest.raises(RevokedError, match=r"OCSP response .* compromised key"):
        validate(live, authority, "revoked", BY_OCSP)


def test_crls_are_fetched_where_no_responder_is_named(live: Nation) -> None:
    validate(live, "health-1", "good", BY_CRL)
    with pytest.raises(RevokedError, match=r"CRL .* compromised key"):
        validate(live, "health-1", "revoked", BY_CRL)
    with pytest.raises(InsufficientRevinfoError):
        validate(live, "health-1", "good", BY_OCSP)


@pytest.mark.parametrize("authority", WITH_OCSP)
def test_crls_of_the_whole_chain_are_taken_with_their_deltas(live: Nation, authority: str) -> None:
    services = Services(home=live.home)
    try:
        crls = [services.crls.newest("root-1", 0).crl_der]
        shards = {shard_of(live.certificate(f"{authority}-{name}")) for name in ("good", "revoked")}
        for shard in sorted(shards):
            crls += [
                services.crls.newest(authority, shard).crl_der,
                services.crls.issue_delta(authority, shard).crl_der,
            ]
    finally:
        services.close()

    validate(live, authority, "good", BY_CRL, crls)
    with pytest.raises(RevokedError, match=r"CRL .* compromised key"):
        validate(live, authority, "revoked", BY_CRL, crls)
