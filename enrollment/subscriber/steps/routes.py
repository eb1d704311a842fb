"""``/my/application/``: the four steps of an application, each stored when it is done."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, render_template, request

from ca.csr import verify_csr
from core.digits import ascii_digits
from core.errors import CamtrustError, Malformed, Unacceptable
from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from enrollment.key_creation.offers import KeyOffer
from enrollment.key_creation.reading import CONSENT, ChosenKey, read_key
from enrollment.objections.objection import About, Objection
from enrollment.permissions import APPLY
from enrollment.subscriber.bundle import Bundle, Step
from enrollment.subscriber.dossier import Dossier, said_otherwise
from enrollment.subscriber.errors import (
    CertificateNotOffered,
    EvidenceMissing,
    KeyUsedBefore,
    NoDraft,
)
from enrollment.subscriber.routes import (
    PREFIX,
    mistake,
    on_shared_computer,
    pages,
    personal_context,
    to_page,
)

steps = APIBlueprint("steps", __name__, url_prefix=f"{PREFIX}/application", enable_openapi=False)
steps.context_processor(personal_context)
MOST_OBJECTIONS = 20
# What a person puts right on the page of the key itself.
KEY_REFUSALS = (Malformed, Unacceptable, KeyUsedBefore)
_VERSION = re.compile(r"[0-9]{1,9}")
_STEPS = {
    Step.DATA: "steps.data",
    Step.CERTIFICATES: "steps.certificates",
    Step.KEYS: "steps.keys",
    Step.SUBMISSION: "steps.summary",
}


def mount_steps(app: Flask) -> None:
    """Serve the steps from ``app``."""
    app.register_blueprint(steps)


@steps.post("")
@requires(APPLY)
@takes_form
def begin() -> Any:
    """Begin an application, or go on with the one that was begun."""
    pages().drafts.begin(current_principal().id)
    return to_page("steps.go_on")


@steps.get("")
@requires(APPLY)
def go_on() -> Any:
    """Lead to the first step that is not done."""
    draft = pages().drafts.find(current_principal().id)
    return to_page("my.overview" if draft is None else _STEPS[draft.step])


@steps.get("/data")
@requires(APPLY)
def data() -> str:
    """Show what the list says, for the person to confirm."""
    return _data_page(_draft())


@steps.post("/data")
@requires(APPLY)
@takes_form
def confirm() -> Any:
    """Take the person's word that the list is right."""
    evidence = request.form.get("evidence", "").replace("\r\n", "\n").strip()[:2000]
    number = ascii_digits(request.form.get("document_number", "").strip())[:40]
    try:
        pages().drafts.confirm(
            current_principal().id, evidence=evidence or None, document_number=number or None
        )
    except EvidenceMissing as error:
        shown = mistake("document_number" if evidence else "evidence", error)
        page = _data_page(_draft(), mistaken=shown, evidence=evidence, document_number=number)
        return page, 422
    return to_page("steps.go_on")


@steps.post("/institution")
@requires(APPLY)
@takes_form
def choose_institution() -> Any:
    """Let the application be for another of the institutions that list the person."""
    pages().drafts.serve_at(current_principal().id, request.form.get("institution", ""))
    return to_page("steps.data")


@steps.get("/certificates")
@requires(APPLY)
def certificates() -> Any:
    """Offer the kinds of certificates."""
    draft = _draft()
    return _step_before(draft, Step.CERTIFICATES) or _certificates_page(draft)


@steps.post("/certificates")
@requires(APPLY)
@takes_form
def choose() -> Any:
    """Choose certificates."""
    try:
        pages().drafts.choose(current_principal().id, set(request.form.getlist("profile")))
    except CertificateNotOffered as error:
        return _certificates_page(_draft(), mistaken=mistake("profile-1", error)), 422
    return to_page("steps.keys")


@steps.get("/keys")
@requires(APPLY)
def keys() -> Any:
    """List the chosen certificates with their keys."""
    draft = _draft()
    return _step_before(draft, Step.KEYS) or render_template("my/keys.html", draft=draft)


@steps.get("/keys/<profile>")
@requires(APPLY)
def key(profile: str) -> Any:
    """Offer the homes for one key."""
    draft = _draft()
    return _step_before(draft, Step.KEYS) or _key_page(draft, profile)


@steps.post("/keys/<profile>")
@requires(APPLY)
@takes_form
def set_key(profile: str) -> Any:
    """Take the request for one certificate."""
    person = current_principal().id
    try:
        chosen = read_key(request.form, request.files, _offer(profile), name="key")
        _escrow(person, profile, chosen)
        pages().drafts.set_key(person, profile, chosen.home, chosen.csr)
    except KEY_REFUSALS as error:
        return _key_page(_draft(), profile, refused=error), 422
    # What a request says otherwise is explained on its own page; else the next key is due.
    differs = said_otherwise(chosen.csr, _dossier(_draft()))
    return to_page("steps.key", profile=profile) if differs else to_page("steps.keys")


@steps.get("/summary")
@requires(APPLY)
def summary() -> Any:
    """Show what is about to be sent, who decides and until when."""
    draft = _draft()
    return _step_before(draft, Step.SUBMISSION) or render_template(
        "my/summary.html",
        draft=draft,
        dossier=_dossier(draft),
        needs_officers=pages().bundles.needs_officers(draft),
        mistaken=None,
    )


@steps.post("/submission")
@requires(APPLY)
@takes_form
def submit() -> Any:
    """Send the application: all its certificates or none."""
    version = request.form.get("version", "")
    sent = pages().bundles.submit(
        current_principal().id,
        bundle_id=request.form.get("bundle", ""),
        version=int(version) if _VERSION.fullmatch(version) else 0,
    )
    return to_page("my.bundle", bundle_id=sent.id, done="sent")


@steps.post("/discarding")
@requires(APPLY)
@takes_form
def discard() -> Any:
    """Forget the draft."""
    pages().drafts.discard(current_principal().id)
    return to_page("my.overview", done="discarded")


def _draft() -> Bundle:
    draft = pages().drafts.find(current_principal().id)
    if draft is None:
        raise NoDraft("It was sent or discarded, perhaps in another window.")
    return draft


def _dossier(draft: Bundle) -> Dossier:
    return pages().dossiers.preferring(draft.person, draft.institution)


def _step_before(draft: Bundle, step: Step) -> Any:
    order = list(Step)
    early = order.index(draft.step) < order.index(step)
    return to_page(_STEPS[draft.step]) if early else None


def _data_page(draft: Bundle, **values: Any) -> str:
    outcome = draft.identity_outcome
    shown = {"mistaken": None, "evidence": draft.evidence or "", **values}
    return render_template(
        "my/data.html",
        draft=draft,
        dossier=_dossier(draft),
        institutions=pages().dossiers.institutions_of(draft.person),
        outcome=outcome,
        differing=draft.differing,
        needs_evidence=outcome is not None and outcome.needs_evidence,
        correction=_open_correction(draft.person),
        **{"document_number": draft.document_number or "", **shown},
    )


def _open_correction(person: str) -> Objection | None:
    found = pages().objections.of_person(person, limit=MOST_OBJECTIONS)
    return next((one for one in found if one.is_open and one.about is About.LISTED_DATA), None)


def _certificates_page(draft: Bundle, mistaken: Any = None) -> str:
    return render_template(
        "my/certificates.html",
        draft=draft,
        dossier=_dossier(draft),
        offered=pages().rules.profiles,
        mistaken=mistaken,
    )


def _offer(profile: str) -> KeyOffer:
    return pages().key_offers.offer(
        profile, owner=current_principal().id, shared_computer=on_shared_computer()
    )


def _escrow(person: str, profile: str, chosen: ChosenKey) -> None:
    # Before the key is taken: whoever agreed to escrow has it, or is told that they have not.
    if chosen.escrow is not None:
        pages().escrow.deposit(
            chosen.escrow,
            profile=profile,
            csr=chosen.csr,
            # Not the certificate's holder: their own page, and who is told of a recovery, is by
            # the account.
            holder=person,
            institution=_draft().institution,
            consent=CONSENT,
        )


def _key_page(draft: Bundle, profile: str, refused: CamtrustError | None = None) -> str:
    chosen = draft.certificate(profile)
    if chosen is None:
        raise CertificateNotOffered("This certificate was not chosen.")
    stated: list[tuple[str, str]] = []
    if chosen.csr_der is not None:
        stated = said_otherwise(verify_csr(chosen.csr_der), _dossier(draft))
    return render_template(
        "my/key.html",
        profile=profile,
        chosen=chosen,
        offer=_offer(profile),
        stated=stated,
        refused=refused,
    )
