"""``/v/<id>``: the page that the code of a stamp opens, and the keys that verify summaries.

QR codes write the whole address in capitals, so ``/V/`` is the same. What stands after ``#`` in the
address never comes here: the page's script reads it. Nobody signs in, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, render_template, request

from core.errors import CamtrustError
from core.web.access_control import public
from core.web.languages import Language, language
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from signing.documents.stamps.content import Words
from signing.documents.verification.document import RegisteredDocument
from signing.documents.verification.errors import DocumentUnknown
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.offices import Offices
from signing.documents.verification.registry import Registry
from signing.documents.verification.settings import VerificationSettings
from signing.documents.verification.summary_keys import SummaryKeys

TEXTS = Path(__file__).parent / "locale"
# An office behind one address checks a pile of papers; a guesser of 128 bits gets nowhere.
LIMIT = "60 per minute"
KEYS_KEPT = "public, max-age=3600"
SCRIPTS = "verification_scripts"
# Everybody may read the scripts; this blueprint holds nothing else.
verification_scripts = APIBlueprint(
    SCRIPTS, __name__, static_folder="assets", static_url_path="/v/assets", enable_openapi=False
)


@dataclass(frozen=True)
class Verification:
    """What the pages work with."""

    registry: Registry
    keys: SummaryKeys
    offices: Offices
    settings: VerificationSettings


def verification_blueprint(parts: Callable[[], Verification]) -> APIBlueprint:
    """Return the pages; ``parts`` are asked for at each request."""
    pages = APIBlueprint(
        "verification", __name__, template_folder="templates", enable_openapi=False
    )

    @pages.record_once
    def show_refusals(state: Any) -> None:
        for prefix in ("/v/", "/V/"):
            show_problems_as_pages(state.app, prefix, _refusal_page)

    @pages.context_processor
    def for_templates() -> dict[str, Any]:
        return _common()

    @pages.after_request
    def hide(response: Response) -> Response:
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    _serve_pages(pages, parts)
    _serve_keys(pages, parts)
    return pages


def _serve_pages(pages: APIBlueprint, parts: Callable[[], Verification]) -> None:
    @limited(LIMIT)
    @public
    def show(document_id: str) -> Any:
        """Show who signed a document, and when; check a file against it."""
        found = parts()
        keys = found.keys.key_set()
        try:
            document = found.registry.find(DocumentId.parse(document_id))
        except DocumentUnknown as error:
            # The summary on the paper speaks for itself, also where nothing is registered.
            page = render_template(
                "verification/unknown.html",
                error=error,
                identifier=document_id.upper(),
                keys=keys,
                contact=_contact(found.settings),
            )
            return page, 404
        return render_template(
            "verification/document.html",
            document=document,
            office=_said(found.offices.name_of(document.details.institution)),
            contact=_contact(found.settings),
            said=_said,
            versions=_versions(document),
            identifier=str(document.id),
            keys=keys,
        )

    for prefix, endpoint in (("/v/", "document"), ("/V/", "document_in_capitals")):
        pages.add_url_rule(f"{prefix}<document_id>", endpoint, show, methods=["GET"])


def _serve_keys(pages: APIBlueprint, parts: Callable[[], Verification]) -> None:
    @pages.get("/v/keys")
    @public
    def keys() -> Response:
        """Answer the keys that verify the summaries of stamps, as a JWK set (RFC 7517)."""
        response = jsonify(parts().keys.key_set())
        response.headers["Content-Type"] = "application/jwk-set+json"
        response.headers["Cache-Control"] = KEYS_KEPT
        return response


def _versions(document: RegisteredDocument) -> list[dict[str, object]]:
    return [
        {"sha256": one.sha256.hex(), "length": one.length, "position": position}
        for position, one in enumerate(document.signatures, 1)
    ]


def _said(words: Words) -> str:
    first, second = words.khmer, words.english
    if language() is Language.ENGLISH:
        first, second = second, first
    return first or second


def _contact(settings: VerificationSettings) -> str:
    return _said(Words(settings.contact_km, settings.contact_en))


def _refusal_page(error: CamtrustError, status: int) -> str:
    return render_template("verification/refused.html", error=error, status=status, **_common())


def _common() -> dict[str, Any]:
    return {"home": request.path, "back_here": request.path}
