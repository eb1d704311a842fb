"""What the authorities publish: their certificates and their CRLs."""

from __future__ import annotations

import re
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.wsgi import wrap_file

from ca.authorities import Authorities, Authority, AuthorityUnknown
from ca.crl.crls import Crls
from ca.crl.errors import CrlUnknown
from ca.crl.publication import OpenCrl
from core.clock import Clock

# RFC 2585, Section 4.
CERTIFICATE_TYPE = "application/pkix-cert"
CRL_TYPE = "application/pkix-crl"
# A renewed certificate should be seen within the day.
CERTIFICATE_KEPT = timedelta(hours=6)
# Half of the hour in which a revocation has to be seen (ETSI EN 319 411-1, REV-6.2.4).
CRL_KEPT = timedelta(minutes=5)
_SENT_AT_ONCE = 1 << 16

_CRL_FILE = re.compile(r"(0|[1-9][0-9]{0,3})(-delta)?\.crl")


def publication_blueprint(*, authorities: Authorities, crls: Crls, clock: Clock) -> Blueprint:
    """Return the routes below ``/ca/`` and ``/crl/``; everyone may call them."""
    blueprint = Blueprint("publication", __name__)

    @blueprint.get("/ca/<authority>.cer")
    def get_certificate(authority: str) -> ResponseReturnValue:
        der = _present(authorities, authority).certificate.public_bytes(Encoding.DER)
        response = _file(der, CERTIFICATE_TYPE, CERTIFICATE_KEPT)
        return response.make_conditional(request)

    @blueprint.get("/crl/<authority>/<file>")
    def get_crl(authority: str, file: str) -> ResponseReturnValue:
        named = _CRL_FILE.fullmatch(file)
        if named is None:
            raise CrlUnknown("There is no CRL of this name.")
        opened = crls.open(authority, int(named[1]), delta=named[2] is not None)
        return _crl(opened, opened.head.next_update - clock.now())

    return blueprint


def _present(authorities: Authorities, name: str) -> Authority:
    # Not by authorities.authority(), which reads the tables again for every name that is not
    # there: strangers make names up.
    for one in authorities.all():
        if one.name == name:
            return one
    raise AuthorityUnknown("There is no authority of this name.")


def _file(content: bytes, content_type: str, kept: timedelta) -> Response:
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = _cache_control(kept)
    response.add_etag()
    return response


def _crl(opened: OpenCrl, left: timedelta) -> Response:
    # Sent as it is read: a CRL may be larger than what a process should hold.
    parts = wrap_file(request.environ, opened.file, _SENT_AT_ONCE)
    response = Response(parts, content_type=CRL_TYPE, direct_passthrough=True)
    response.content_length = opened.head.size
    response.headers["Cache-Control"] = _cache_control(max(timedelta(0), min(CRL_KEPT, left)))
    response.last_modified = opened.head.this_update
    # Numbers are never used twice (RFC 5280, Section 5.2.3), so nothing has to be hashed.
    response.set_etag(f"{opened.head.number:x}")
    response.make_conditional(request, accept_ranges=True, complete_length=opened.head.size)
    return response


def _cache_control(kept: timedelta) -> str:
    return f"public, no-transform, max-age={kept // timedelta(seconds=1)}"
