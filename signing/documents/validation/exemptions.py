"""Certificates whose revocation nobody asks about, because their issuer says so, and may.

Whoever is trusted to issue one kind of certificate could otherwise exempt any other by an extension
that a signer's certificate has no business to carry.
"""

from __future__ import annotations

from asn1crypto import x509


def is_unchecked_responder(certificate: x509.Certificate) -> bool:
    """Tell whether this is a responder's certificate that is not asked about while it lives.

    RFC 6960, Section 4.2.2.2.1: id-pkix-ocsp-nocheck is about a responder to which an authority has
    delegated, and its lifetime alone. On anything else it says nothing.
    """
    usages = certificate.extended_key_usage_value
    return (
        _has(certificate, "ocsp_no_check")
        and not certificate.ca
        and usages is not None
        and usages.native == ["ocsp_signing"]
    )


def is_exempt(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate has no revocation status, as its kind allows."""
    # RFC 9608, Section 3: noRevAvail is for end entities alone.
    without = _has(certificate, "no_rev_avail") and not certificate.ca
    return without or is_unchecked_responder(certificate)


def _has(certificate: x509.Certificate, extension: str) -> bool:
    extensions = certificate["tbs_certificate"]["extensions"]
    return any(one["extn_id"].native == extension for one in extensions)
