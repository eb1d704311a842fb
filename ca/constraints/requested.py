"""What a request asks for and may not have."""

from __future__ import annotations

from collections.abc import Collection

from ca.constraints.refusals import (
    KEPT,
    AuthorityRequested,
    ExtensionNotAllowed,
    NameNotAuthorized,
)
from ca.csr import VerifiedCsr
from ca.profiles.definition import REQUESTED_EXTENSIONS, ProfileDefinition


def check_requested(
    definition: ProfileDefinition, csr: VerifiedCsr, granted: Collection[tuple[str, str]]
) -> None:
    """Check a request's extensions against the profile and the names ``granted`` (kind, value).

    Raises AuthorityRequested, ExtensionNotAllowed or NameNotAuthorized.
    """
    if csr.requests_authority and definition.kind != "authority":
        raise AuthorityRequested(
            "The request asks to become a certification authority. Ask without CA:TRUE and "
            "without the key usages that sign certificates.",
            kept=KEPT,
        )
    tolerated = {REQUESTED_EXTENSIONS[one] for one in definition.tolerates}
    for extension in csr.extensions:
        if extension.oid not in tolerated:
            raise ExtensionNotAllowed(
                f"The request asks for the extension {extension.oid}, which {definition.name} "
                "never takes from a request.",
                kept=KEPT,
                extension=extension.oid,
            )
    for name in csr.alternative_names:
        if (name.kind, name.value.lower()) not in granted:
            raise NameNotAuthorized(
                "The request asks for an alternative name that was not approved.",
                kept=KEPT,
                kind=name.kind,
            )
