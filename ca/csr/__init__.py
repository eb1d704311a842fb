"""Certification requests (PKCS #10, RFC 2986): the one door for strangers' bytes.

Begin with :func:`ca.csr.verification.verify_csr`. Reading is strict DER (:mod:`ca.der`), done
here, so that each defect gets its own answer; arithmetic and signatures are cryptography's.
"""

from ca.csr.requested import RequestedExtension, RequestedName
from ca.csr.verification import VerifiedCsr, verify_csr

__all__ = ["RequestedExtension", "RequestedName", "VerifiedCsr", "verify_csr"]
