"""The one path by which a certificate comes to be.

1. Plan: take a new 159-bit random serial number and build the whole to-be-signed part.
2. Lint: sign the plan with a throwaway key and lint the result (:mod:`ca.linting`); only what
   passed becomes a single-use ``LintedCertificate``.
3. Reserve: in one transaction, store serial number and hash of the to-be-signed bytes, and log
   ``certificate-reserved``. From here on the serial number is never used for anything else.
4. Sign: exactly the linted bytes, in the HSM.
5. Compare the to-be-signed bytes of the result with those linted, and verify the signature
   with the issuer's key.
6. Store: in one transaction, the certificate (from here on its status is answered) and the log
   entry ``certificate-issued``.
7. Publish the log, so that a proof exists, and hand out.

A crash between 3 and 6 leaves a reservation whose lease runs out; :mod:`ca.issuance.recovery`
abandons and revokes it. Begin reading with :class:`ca.issuance.path.Issuance`.
"""

from ca.issuance.path import Issuance
from ca.issuance.record import IssuedCertificate, Reservation

__all__ = ["Issuance", "IssuedCertificate", "Reservation"]
