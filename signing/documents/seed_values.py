"""What a signature field's author demands of its signature (ISO 32000-2, Table 237)."""

from __future__ import annotations

from typing import Any

from pyhanko.sign.fields import SigSeedSubFilter, SigSeedValFlags, SigSeedValueSpec

from signing.documents.errors import UNHARMED, FieldUnusable
from signing.documents.options import SigningOptions


def check_seed_values(field: Any, options: SigningOptions, hash_name: str) -> None:
    """Raise FieldUnusable where the field demands what was not asked for."""
    if "/SV" not in field:
        return
    wanted = SigSeedValueSpec.from_pdf_object(field["/SV"])
    for broken in filter(None, (_kind(wanted, options), _ways(wanted, hash_name))):
        raise FieldUnusable(f"The field's author wants {broken}.", kept=UNHARMED)
    if wanted.flags & SigSeedValFlags.REASONS and wanted.reasons != ["."]:
        allowed = wanted.reasons or []
        if options.reason not in allowed:
            raise FieldUnusable(
                f"The field's author wants one of these reasons: {', '.join(allowed)}.",
                kept=UNHARMED,
            )


def _kind(wanted: SigSeedValueSpec, options: SigningOptions) -> str | None:
    if wanted.timestamp_required and not options.level.is_stamped:
        return "a time-stamp: sign at B-T or higher"
    seed = wanted.seed_signature_type
    if seed is None or seed.mdp_perm is None:
        return None
    if options.certify != seed.mdp_perm.value:
        return f"a certification with permissions {seed.mdp_perm.value}"
    return None


def _ways(wanted: SigSeedValueSpec, hash_name: str) -> str | None:
    filters, digests = wanted.subfilters or (), wanted.digest_methods or ()
    if wanted.flags & SigSeedValFlags.SUBFILTER and SigSeedSubFilter.PADES not in filters:
        return "a kind of signature that is no PAdES signature"
    if wanted.flags & SigSeedValFlags.DIGEST_METHOD and hash_name not in digests:
        return f"another digest than {hash_name}"
    if wanted.flags & SigSeedValFlags.ADD_REV_INFO and wanted.add_rev_info:
        return "revocation data inside the signature, where PAdES keeps it beside"
    return None
