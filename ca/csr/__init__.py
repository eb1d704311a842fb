"""Certification requests (PKCS #10, RFC 2986; CRMF, RFC 4211): one door for strangers' bytes.

Begin with :func:`ca.csr.verification.verify_csr`. Reading is strict DER (:mod:`ca.der`), done
here, so that each defect gets its own answer; arithmetic and signatures are cryptography's.
"""

from ca.csr.requested import RequestedExtension, RequestedName
from ca.csr.templates import RequestedTemplate
from ca.csr.verification import VerifiedCsr, verify_cert_request, verify_csr

__all__ = [
    "RequestedExtension",
    "RequestedName",
    "RequestedTemplate",
    "VerifiedCsr",
    "verify_cert_request",
    "verify_csr",
]
