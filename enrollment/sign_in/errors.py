"""Why a subscriber is not signed in."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, Unauthenticated


class HandoverRefused(Conflict):
    """A sign-in by certificate was used before, ran out, or began in another browser."""

    problem = "handover-refused"
    title = "This sign-in cannot be finished"


class CertificateNotForSignIn(Unauthenticated):
    """The certificate is good, but none by which a person signs in, or of nobody known here."""

    problem = "certificate-not-for-sign-in"
    title = "Nobody signs in with this certificate"


class CertificateMissing(Unauthenticated):
    """No client certificate came with the request; only the officers' address asks for one."""

    problem = "certificate-missing"
    title = "Your browser sent no certificate"


class ScriptNeeded(Malformed):
    """A passkey needs a script in the page, which this browser did not run."""

    problem = "script-needed"
    title = "A passkey needs a browser that runs scripts"


class SubscriberNotActive(Forbidden):
    """The account is suspended or removed."""

    problem = "subscriber-not-active"
    title = "Your account is not open"
