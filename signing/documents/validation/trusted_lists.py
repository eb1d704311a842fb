"""Trusted lists (ETSI TS 119 612): which services a country supervises, and since when.

A list is believed only when its XML signature was made with a key that was given beside it. Taken
are authorities that issue certificates for signing, and time-stamping services, in the periods in
which they are granted.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from asn1crypto import x509
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from ca.foreign_certificates import read_certificate
from signing.documents.validation.errors import TrustUnreadable
from signing.documents.validation.trust import KEPT, Anchor, Purpose, Trust

_TSL = "{http://uri.etsi.org/02231/v2#}"
_SERVICE = "http://uri.etsi.org/TrstSvc/Svctype/"
# ETSI TS 119 612, Section 5.5.1: what a service is for.
_PURPOSES = {
    f"{_SERVICE}CA/QC": frozenset({Purpose.SIGNING}),
    f"{_SERVICE}CA/PKC": frozenset({Purpose.SIGNING}),
    f"{_SERVICE}TSA": frozenset({Purpose.TIME_STAMPING}),
    f"{_SERVICE}TSA/QTST": frozenset({Purpose.TIME_STAMPING}),
    f"{_SERVICE}TSA/TSS-QC": frozenset({Purpose.TIME_STAMPING}),
}
# Section 5.5.4: the states in which a service is supervised and in good standing.
_STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
_GRANTED = frozenset({f"{_STATUS}granted", f"{_STATUS}recognisedatnationallevel"})
# The European lists have 12 MB at most.
_LARGEST_LIST = 32 << 20


@dataclass(frozen=True)
class _Standing:
    """A service's state from a moment on, with the certificates that stood for it then."""

    kind: str
    status: str
    since: datetime
    certificates: tuple[x509.Certificate, ...]


def read_trusted_list(path: Path, signers: Sequence[x509.Certificate], *, now: datetime) -> Trust:
    """Return the anchors of a list that one of ``signers`` signed.

    Raises TrustUnreadable for a list that is no list, not signed by one of them, or out of date.
    """
    tree = _verified(path, _parsed(path), signers)
    next_update = tree.findtext(f"{_TSL}SchemeInformation/{_TSL}NextUpdate/{_TSL}dateTime")
    # Section 5.3.15: a closed list has none, and is not to be used for what is new.
    if not next_update or _instant(next_update, path) < now:
        raise TrustUnreadable(
            f"The trusted list {path.name} ran out on {next_update or 'its closing'}. Get the "
            "newest one.",
            kept=KEPT,
        )
    anchors = [
        anchor for service in tree.iter(f"{_TSL}TSPService") for anchor in _anchors(service, path)
    ]
    if not anchors:
        raise TrustUnreadable(
            f"The trusted list {path.name} has no service for signing or time-stamping.", kept=KEPT
        )
    return Trust(anchors=tuple(anchors))


def _parsed(path: Path) -> Any:
    if path.stat().st_size > _LARGEST_LIST:
        raise TrustUnreadable(f"{path.name} is larger than a trusted list is.", kept=KEPT)
    # A list from elsewhere gets no entities, no DTD and no network.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        tree = etree.fromstring(path.read_bytes(), parser)
    except etree.XMLSyntaxError as error:
        raise TrustUnreadable(f"{path.name} is no XML: {error.msg}", kept=KEPT) from error
    if tree.tag != f"{_TSL}TrustServiceStatusList" or tree.getroottree().docinfo.doctype:
        raise TrustUnreadable(f"{path.name} is no trusted list (ETSI TS 119 612).", kept=KEPT)
    return tree


def _verified(path: Path, tree: Any, signers: Sequence[x509.Certificate]) -> Any:
    """Return the part of the list that is signed: nothing else is read."""
    # Section 5.7.1: an enveloped signature, a child of the list; XAdES signs its properties too.
    config = SignatureConfiguration(location="./", expect_references=True)
    for signer in signers:
        try:
            certificate = read_certificate(signer.dump())
            results = XMLVerifier().verify(tree, x509_cert=certificate, expect_config=config)
        except (SignXMLException, ValueError, TypeError, etree.LxmlError):
            continue
        for one in results if isinstance(results, list) else [results]:
            if one.signed_xml is not None and one.signed_xml.tag == tree.tag:
                return one.signed_xml
    raise TrustUnreadable(
        f"The trusted list {path.name} was not signed by who was named as its signer.", kept=KEPT
    )


def _anchors(service: Any, path: Path) -> Iterator[Anchor]:
    current = service.find(f"{_TSL}ServiceInformation")
    history = service.findall(f"{_TSL}ServiceHistory/{_TSL}ServiceHistoryInstance")
    standings = [_standing(one, path) for one in (current, *history) if one is not None]
    ordered = sorted((one for one in standings if one is not None), key=lambda one: one.since)
    for one, after in pairwise([*ordered, None]):
        if one is None or one.status not in _GRANTED or one.kind not in _PURPOSES:
            continue
        for certificate in one.certificates:
            yield Anchor(
                certificate,
                path.name,
                _PURPOSES[one.kind],
                since=one.since,
                until=after.since if after is not None else None,
            )


def _standing(information: Any, path: Path) -> _Standing | None:
    kind = information.findtext(f"{_TSL}ServiceTypeIdentifier")
    status = information.findtext(f"{_TSL}ServiceStatus")
    since = information.findtext(f"{_TSL}StatusStartingTime")
    if not kind or not status or not since:
        return None
    found = [
        certificate
        for one in information.iter(f"{_TSL}X509Certificate")
        if (certificate := _certificate(one.text or "")) is not None
    ]
    return _Standing(kind.strip(), status.strip(), _instant(since, path), tuple(found))


def _certificate(text: str) -> x509.Certificate | None:
    # One unreadable certificate among thousands takes nothing away from the others.
    try:
        certificate = x509.Certificate.load(_decoded(text), strict=True)
        _ = certificate.native
    except (ValueError, TypeError, KeyError):
        return None
    return certificate


def _decoded(text: str) -> bytes:
    return b64decode("".join(text.split()), validate=True)


def _instant(text: str, path: Path) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TrustUnreadable(f"{path.name} has a time that is none.", kept=KEPT) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
