"""Why a CRL is not issued or found."""

from __future__ import annotations

from core.errors import CamtrustError, Conflict, NotFound, Unavailable


class CrlUnknown(NotFound):
    """No such CRL was ever issued."""

    problem = "crl-unknown"
    title = "There is no such CRL"


class CrlOvertaken(Conflict):
    """Another process issued a newer CRL of this scope meanwhile; that one is published."""

    problem = "crl-overtaken"
    title = "A newer CRL exists already"


class NoBaseCrl(Conflict):
    """A delta CRL needs a complete CRL to stand upon."""

    problem = "crl-base-missing"
    title = "There is no complete CRL yet"


class ScopeClosed(Conflict):
    """The authority has issued its last CRL."""

    problem = "crl-scope-closed"
    title = "The authority has issued its last CRL"


class CrlLintError(CamtrustError):
    """What was built is not what RFC 5280 asks for: a fault of ours, nothing was signed."""

    problem = "crl-lint-failed"
    title = "The CRL did not pass its lint"


class CrlSignatureError(CamtrustError):
    """What the token returned is not a signature of the linted bytes: look at the token."""

    problem = "crl-signature-mismatch"
    title = "The token's signature does not verify"


class CrlWorkspaceUnavailable(Unavailable):
    """There is no room for a CRL while it is built: see the disk below ``HOME/run``."""

    problem = "crl-workspace-unavailable"
    title = "There is no room to build the CRL"


class CrlDamagedError(CamtrustError):
    """A stored CRL is not the one that was signed: issue a new one, and look at the database."""

    problem = "crl-damaged"
    title = "The stored CRL is damaged"
