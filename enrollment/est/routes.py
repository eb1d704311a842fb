"""``/.well-known/est``: cacerts, simpleenroll, simplereenroll, csrattrs, serverkeygen.

The routes check their callers themselves: RFC 7030, Section 3.2.3 knows HTTP Basic and client
certificates. A certificate is believed at the officers' listener alone, whose TLS front proved
that the client holds its key; at the public one that header never arrives.
"""

from __future__ import annotations

from ipaddress import ip_address

from apiflask import APIBlueprint
from cryptography import x509
from flask import Response, request

from core.web.bodies import reads
from enrollment.delivery import DeliveredCertificate
from enrollment.est.encoding import (
    CERTS_ONLY,
    CSR_ATTRIBUTES,
    PKCS10,
    certs_only,
    csr_attributes,
    request_in,
)
from enrollment.est.enrolling import EstEnrollment
from enrollment.est.errors import (
    EstCredentialsRefused,
    ServerKeyNotOffered,
    TransportNotSecure,
)
from enrollment.grants.grant import Grant
from enrollment.sign_in import CertificateSignIn

NAME = "est"
PREFIX = "/.well-known/est"
# RFC 7617, Section 2.
CHALLENGE = 'Basic realm="camtrust EST", charset="UTF-8"'


def est_blueprint(enrollment: EstEnrollment, certificates: CertificateSignIn) -> APIBlueprint:
    """Return the routes of the EST server."""
    # RFC 7030 describes them; the description of our own API does not repeat it.
    est = APIBlueprint(NAME, __name__, url_prefix=PREFIX, enable_openapi=False)
    est.before_request(_check_transport)
    est.after_request(_name_the_scheme)
    _serve_information(est, enrollment, certificates)
    _serve_enrolment(est, enrollment, certificates)
    return est


def _serve_information(
    est: APIBlueprint, enrollment: EstEnrollment, certificates: CertificateSignIn
) -> None:
    @est.get("/cacerts")
    def cacerts() -> Response:
        return _answer(certs_only(enrollment.authority_certificates()), CERTS_ONLY)

    @est.get("/csrattrs")
    def csrattrs() -> Response:
        # RFC 7030, Section 4.5.1: everybody may ask; what to say depends on the grant.
        held = certificates.presented(request.environ)
        if held is None and request.authorization is None:
            return Response(status=204)
        grant = _grant_of_password(enrollment) if held is None else enrollment.grant_of(held)
        return _answer(csr_attributes(enrollment.key_type(grant)), CSR_ATTRIBUTES)


def _serve_enrolment(
    est: APIBlueprint, enrollment: EstEnrollment, certificates: CertificateSignIn
) -> None:
    @est.post("/simpleenroll")
    @reads(PKCS10)
    def simpleenroll() -> Response:
        grant = _grant_of_password(enrollment)
        return _issued(enrollment.enroll(grant, request_in(request.get_data())))

    @est.post("/simplereenroll")
    @reads(PKCS10)
    def simplereenroll() -> Response:
        held = certificates.presented(request.environ)
        if held is None:
            raise EstCredentialsRefused(
                "Present the certificate that you renew, at the address for client certificates."
            )
        return _issued(enrollment.re_enroll(held, request_in(request.get_data())))

    @est.post("/serverkeygen")
    def serverkeygen() -> Response:
        raise ServerKeyNotOffered(
            "Make the key where it is used, and ask for its certificate by simpleenroll."
        )


def _check_transport() -> None:
    if not request.is_secure and not _comes_from_this_machine():
        raise TransportNotSecure("EST is answered over https alone.")


def _name_the_scheme(response: Response) -> Response:
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = CHALLENGE
    return response


def _grant_of_password(enrollment: EstEnrollment) -> Grant:
    sent = request.authorization
    if sent is None or sent.type != "basic":
        raise EstCredentialsRefused("Send the name and the password of your grant by HTTP Basic.")
    return enrollment.client(sent.username or "", sent.password or "")


def _issued(delivered: DeliveredCertificate) -> Response:
    # RFC 7030, Section 4.2.3: the certificate alone; the chain is at /cacerts.
    certificate = x509.load_der_x509_certificate(delivered.certificate_der)
    return _answer(certs_only([certificate]), CERTS_ONLY)


def _answer(body: bytes, content_type: str) -> Response:
    response = Response(body, content_type=content_type)
    # RFC 8951, Section 3.1: sent for clients of the first version, which look for it.
    response.headers["Content-Transfer-Encoding"] = "base64"
    response.headers["Cache-Control"] = "no-store"
    return response


def _comes_from_this_machine() -> bool:
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        # A unix socket has no address; its other end is the TLS front.
        return not request.remote_addr
