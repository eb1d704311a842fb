"""Why an act is not confirmed."""

from __future__ import annotations

from core.errors import Forbidden


class StepUpNeeded(Forbidden):
    """A decision needs the officer's passkey. ``challenge_at`` is where its question is asked."""

    problem = "step-up-needed"
    title = "Confirm this with your passkey"


class PasskeyNotOfOfficer(Forbidden):
    """The passkey that answered belongs to somebody else than the officer who decides."""

    problem = "passkey-not-of-officer"
    title = "This is not your passkey"


class CertificateNotRecent(Forbidden):
    """The certificate's key was proven too long ago, or the TLS front does not say when."""

    problem = "certificate-not-recent"
    title = "Prove your certificate again"


class NoPasskeyYet(Forbidden):
    """The officer has no confirmed passkey to decide with."""

    problem = "no-passkey-yet"
    title = "You have no confirmed passkey"
