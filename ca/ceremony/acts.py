"""The acts of a ceremony, one function each: what is asked of the stage, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography import x509

from ca.ceremony.script import (
    CertifyResponder,
    CreateAuthority,
    PublishCrl,
    ReKeyAuthority,
    RenewAuthority,
    TerminateAuthority,
)
from ca.ceremony.stage import (
    Admitted,
    CertificateOrder,
    Change,
    Held,
    MadeKey,
    SignedCrl,
    Stage,
    StateSet,
    certificate_facts,
    der,
)
from ca.ceremony.transcript import canonical
from ca.hierarchy import AuthorityDefinition, Hierarchy
from core.errors import Conflict
from core.transparency.entry import JsonValue
from hsm.keys import KeyAlgorithm

# The offline root's responder: thirteen months, so that a yearly ceremony renews it in time.
RESPONDER_PROFILE = "ocsp-responder-root"
_RESPONDER_ALGORITHM = KeyAlgorithm.EC_P384


class AuthorityStandsInTheWay(Conflict):
    """What the script asks for does not fit what exists."""

    problem = "ceremony-state-conflict"
    title = "The script does not fit the authorities that exist"


class CertificatesAlive(Conflict):
    """An authority cannot end while its certificates live."""

    problem = "ceremony-certificates-alive"
    title = "The authority still has living certificates"


@dataclass(frozen=True)
class Outcome:
    """What came of an act: facts for the transcript, files for the folder, changes to store."""

    facts: Mapping[str, JsonValue]
    artefacts: Mapping[str, bytes]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Scene:
    """Where an act takes place. ``reference`` is unique to the step, and finds what it issued."""

    stage: Stage
    hierarchy: Hierarchy
    reference: str


def create_authority(step: CreateAuthority, scene: Scene) -> Outcome:
    """Make a key and have it certified, by its parent or by itself."""
    return _create(scene.hierarchy.define(step.authority), scene)


def re_key_authority(step: ReKeyAuthority, scene: Scene) -> Outcome:
    """Make the successor, and let the predecessor only revoke and sign CRLs from now on."""
    old = scene.stage.authority(step.authority)
    definition = scene.hierarchy.define(step.successor)
    if not old.is_active:
        raise AuthorityStandsInTheWay(f"Authority {old.name} is {old.state} already.")
    if definition.role != old.role or definition.is_anchor != (old.parent is None):
        raise AuthorityStandsInTheWay(
            f"{definition.name} cannot succeed {old.name}: they differ in role or in anchor."
        )
    created = _create(definition, scene)
    return Outcome(
        facts={**created.facts, "retired": old.name},
        artefacts=created.artefacts,
        changes=(*created.changes, StateSet(old.name, "retired")),
    )


def renew_authority(step: RenewAuthority, scene: Scene) -> Outcome:
    """Certify an authority's present key for a new time."""
    old = scene.stage.authority(step.authority)
    if not old.is_active:
        raise AuthorityStandsInTheWay(f"Authority {old.name} is {old.state}; it is not renewed.")
    definition = scene.hierarchy.define(step.authority)
    key = scene.stage.key(old.key_id)
    certificate = scene.stage.issue(_own_order(definition, key, scene.reference))
    _check_same_name(certificate, old.certificate)
    return Outcome(
        facts={
            "authority": old.name,
            "certificate": certificate_facts(certificate),
            "key": key.facts(),
            "replaces_serial_number": f"{old.certificate.serial_number:x}",
        },
        artefacts={
            f"certificates/{old.name}-renewed.cer": der(certificate),
            **_key_file(key),
            **issuer_files(scene.stage, old.parent),
        },
        changes=(Held(old.name, certificate, "renewed"),),
    )


def publish_crl(step: PublishCrl, scene: Scene) -> Outcome:
    """Sign the complete CRL of every shard."""
    crls = scene.stage.sign_crls(step.authority, last=False)
    return Outcome(
        facts={"authority": step.authority, "crls": _crl_facts(crls)},
        artefacts={
            **_crl_files(step.authority, crls),
            **issuer_files(scene.stage, step.authority),
        },
    )


def certify_responder(step: CertifyResponder, scene: Scene) -> Outcome:
    """Make a responder's key in the status token and have the authority certify it."""
    definition = scene.hierarchy.define(step.authority)
    ceremony = scene.reference.split(":")[1]
    key = scene.stage.make_key(
        token=step.token, label=f"ocsp-{step.authority}-{ceremony}", algorithm=_RESPONDER_ALGORITHM
    )
    subject = definition.subject.model_copy(
        update={"common_name": f"{definition.subject.common_name} OCSP"}
    )
    certificate = scene.stage.issue(
        CertificateOrder(
            profile=RESPONDER_PROFILE,
            holder=f"responder:{step.authority}",
            subject=subject,
            reference=scene.reference,
            authority=step.authority,
            issuer=step.authority,
            key=key,
        )
    )
    return Outcome(
        facts={
            "authority": step.authority,
            "certificate": certificate_facts(certificate),
            "key": key.facts(),
        },
        artefacts={
            f"certificates/{key.label}.cer": der(certificate),
            **_key_file(key),
            **issuer_files(scene.stage, step.authority),
        },
    )


def terminate_authority(step: TerminateAuthority, scene: Scene) -> Outcome:
    """End an authority: no issuing, last CRLs, no key.

    ETSI EN 319 411-1, Section 6.3.9: a last CRL comes only when everything in its scope has
    expired or is revoked.
    """
    stage = scene.stage
    standing = stage.authority(step.authority)
    if standing.state == "terminated":
        raise AuthorityStandsInTheWay(f"Authority {step.authority} is terminated already.")
    _refuse_living(stage, step.authority, kept="Nothing was changed.")
    stage.stop_issuing(step.authority)
    # Again: one may have been issued between the question and the stop.
    _refuse_living(stage, step.authority, kept=f"{step.authority} issues nothing any more.")
    crls = stage.sign_crls(step.authority, last=True)
    key = stage.destroy_key(standing.key_id, reason=step.reason)
    return Outcome(
        facts={
            "authority": step.authority,
            "crls": _crl_facts(crls),
            "key": key.facts(),
            "reason": step.reason,
        },
        artefacts={
            **issuer_files(stage, step.authority),
            **_crl_files(step.authority, crls),
            **_key_file(key),
        },
        changes=(StateSet(step.authority, "terminated"),),
    )


def issuer_files(stage: Stage, authority: str | None) -> dict[str, bytes]:
    """Return the certificates from an authority's own up to its anchor's, as files.

    An auditor needs them; their paths name their hashes, since a CA may hold several.
    """
    files: dict[str, bytes] = {}
    while authority is not None:
        standing = stage.authority(authority)
        content = der(standing.certificate)
        files[f"issuers/{authority}-{sha256(content).hexdigest()[:8]}.cer"] = content
        authority = standing.parent
    return files


def _create(definition: AuthorityDefinition, scene: Scene) -> Outcome:
    if scene.stage.exists(definition.name):
        raise AuthorityStandsInTheWay(
            f"Authority {definition.name} exists already; a new key needs a new name."
        )
    if definition.parent is not None:
        # Before a key is made: a parent that cannot certify would leave it without a use.
        scene.stage.authority(definition.parent)
    key = scene.stage.make_key(
        token=definition.token, label=definition.name, algorithm=definition.algorithm
    )
    if definition.is_anchor:
        scene.stage.reserve_name(definition, key)
    certificate = scene.stage.issue(_own_order(definition, key, scene.reference))
    return Outcome(
        facts={
            "authority": definition.name,
            "certificate": certificate_facts(certificate),
            "key": key.facts(),
            "parent": definition.parent,
            "profile": definition.profile,
            "role": definition.role,
        },
        artefacts={
            f"certificates/{definition.name}.cer": der(certificate),
            **_key_file(key),
            **issuer_files(scene.stage, definition.parent),
        },
        changes=(Admitted(definition, key.key_id, certificate),),
    )


def _own_order(definition: AuthorityDefinition, key: MadeKey, reference: str) -> CertificateOrder:
    return CertificateOrder(
        profile=definition.profile,
        holder=f"authority:{definition.name}",
        subject=definition.subject,
        reference=reference,
        authority=definition.name,
        issuer=definition.parent,
        key=key,
    )


def _refuse_living(stage: Stage, authority: str, *, kept: str) -> None:
    living = stage.living_certificates(authority)
    if living:
        raise CertificatesAlive(
            f"{living} certificates of {authority} are neither expired nor revoked. "
            "Revoke them first (reason cessationOfOperation).",
            kept=kept,
            living=living,
        )


def _check_same_name(new: x509.Certificate, old: x509.Certificate) -> None:
    # RFC 5280, Section 6.1.3 (a)(4): certificates below chain by the exact name.
    if new.subject != old.subject:
        raise AuthorityStandsInTheWay(
            "The hierarchy names this authority otherwise than its certificate does."
        )


def _key_file(key: MadeKey) -> dict[str, bytes]:
    return {f"keys/{key.label}.json": canonical(key.facts()) + b"\n"}


def _crl_files(authority: str, crls: Sequence[SignedCrl]) -> dict[str, bytes]:
    return {
        f"crls/{authority}-{crl.shard}.crl": crl.crl_der for crl in crls if crl.crl_der is not None
    }


def _crl_facts(crls: Sequence[SignedCrl]) -> list[JsonValue]:
    return [dict(crl.facts) for crl in crls]
