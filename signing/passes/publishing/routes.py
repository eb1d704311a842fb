"""``/passes``: lists that verifiers fetch. Everybody may; nothing in them names a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from signing.passes.codecs import strict_json
from signing.passes.publishing.cards import CardLists
from signing.passes.publishing.hash_lists import HashLists
from signing.passes.publishing.kept import Published
from signing.passes.publishing.status_lists import StatusListForm, StatusLists
from signing.passes.publishing.trust_lists import TrustListForm, TrustLists

# RFC 7519, Section 10.3.1.
_JWT, _JSON = "application/jwt", "application/json"
_TRUST_TYPES = {
    TrustListForm.JWKS: "application/jwk-set+json",
    TrustListForm.DID: "application/did+json",
}
# RFC 7515, Section 9.2.1.
_JOSE = "application/jose"


@dataclass(frozen=True)
class PassLists:
    """What is published. ``ttl``: how long caches may keep it."""

    statuses: StatusLists
    hashes: HashLists
    trust: TrustLists
    cards: CardLists
    ttl: timedelta


def pass_lists_blueprint(lists: Callable[[], PassLists]) -> Blueprint:
    """Return the routes; what they work with is asked at each request."""
    blueprint = Blueprint("pass-lists", __name__, url_prefix="/passes")

    @blueprint.get("/status/<int:list_number>")
    def get_status_list(list_number: int) -> ResponseReturnValue:
        forms = [one.value for one in StatusListForm]
        # Section 8.1 of the draft: who says nothing of it gets a JWT.
        form = StatusListForm(request.accept_mimetypes.best_match(forms) or forms[0])
        published = lists().statuses.current(list_number, form)
        response = _answer(published, form.value, lists().ttl)
        response.headers["Vary"] = "Accept"
        return response

    @blueprint.get("/revocation-lists")
    def get_hash_lists() -> ResponseReturnValue:
        return _answer(lists().hashes.current(), _JWT, lists().ttl)

    for one in TrustListForm:
        _add_trust_list(blueprint, lists, one)

    @blueprint.get("/cards/.well-known/jwks.json")
    def get_card_keys() -> ResponseReturnValue:
        return _json(lists().cards.keys(), lists().ttl)

    @blueprint.get("/cards/.well-known/crl/<kid>.json")
    def get_revoked_cards(kid: str) -> ResponseReturnValue:
        return _json(lists().cards.revoked(kid), lists().ttl)

    return blueprint


def _add_trust_list(
    blueprint: Blueprint, lists: Callable[[], PassLists], form: TrustListForm
) -> None:
    @blueprint.get(f"/trust/{form}.json", endpoint=f"get_{form}")
    def get_trust_list() -> ResponseReturnValue:
        return _answer(lists().trust.document(form), _TRUST_TYPES[form], lists().ttl)

    @blueprint.get(f"/trust/{form}.jws", endpoint=f"get_signed_{form}")
    def get_signed_trust_list() -> ResponseReturnValue:
        return _answer(lists().trust.signed(form), _JOSE, lists().ttl)


def _json(document: Mapping[str, Any], ttl: timedelta) -> Response:
    octets = strict_json.compact(document)
    return _answer(Published(octets, sha256(octets).hexdigest()[:32]), _JSON, ttl)


def _answer(published: Published, media_type: str, ttl: timedelta) -> Response:
    response = Response(published.octets, content_type=media_type)
    response.headers["Cache-Control"] = f"public, max-age={ttl // timedelta(seconds=1)}"
    # Verifiers are pages too: of other hosts (SMART Health Cards Framework, "Determining keys").
    response.headers["Access-Control-Allow-Origin"] = "*"
    # Weak: two processes sign the same content by different signatures.
    response.set_etag(published.tag, weak=True)
    response.make_conditional(request)
    return response
