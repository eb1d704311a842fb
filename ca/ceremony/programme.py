"""Which function performs which act."""

from __future__ import annotations

from ca.ceremony import acts
from ca.ceremony.acts import Outcome, Scene
from ca.ceremony.crossing import cross_certify
from ca.ceremony.script import (
    CertifyResponder,
    CreateAuthority,
    CrossCertify,
    PublishCrl,
    ReKeyAuthority,
    RenewAuthority,
    Step,
    TerminateAuthority,
)


def perform(step: Step, scene: Scene) -> Outcome:
    """Perform one step on its stage. Raises what its act refuses."""
    match step:
        case CreateAuthority():
            return acts.create_authority(step, scene)
        case ReKeyAuthority():
            return acts.re_key_authority(step, scene)
        case RenewAuthority():
            return acts.renew_authority(step, scene)
        case CrossCertify():
            return cross_certify(step, scene)
        case PublishCrl():
            return acts.publish_crl(step, scene)
        case CertifyResponder():
            return acts.certify_responder(step, scene)
        case TerminateAuthority():
            return acts.terminate_authority(step, scene)


def reference_prefix(ceremony: str) -> str:
    """Return how the references of all certificates of a ceremony begin."""
    return f"ceremony:{ceremony}:"


def reference(ceremony: str, number: int) -> str:
    """Return the reference under which a step's certificate is issued, and found again."""
    return f"{reference_prefix(ceremony)}{number}"
