"""What a report says in words, for people who know nothing of certificates.

The sentences are English here; ``locale/km.po`` has the Khmer. Pages say them in the reader's
language, and the report as JSON carries both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.web.languages import read_texts, translatable
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.report import SignatureReport, ValidationReport

TEXTS = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Words:
    """A headline, what it means, and what to do next."""

    headline: str
    meaning: str
    next_step: str


_PASSED = Words(
    translatable("The signatures hold"),
    translatable(
        "What was signed is unchanged, and the signer's certificate was good when it was used."
    ),
    translatable("You can rely on who signed. Read yourself what the document says."),
)
_FAILED = Words(
    translatable("Do not rely on this document"),
    translatable(
        "It was changed after it was signed, or what stands in the place of a signature is none."
    ),
    translatable("Ask the office that signed for the document again, and show it this one."),
)
_OPEN = Words(
    translatable("It cannot be said whether to rely on this document"),
    translatable("Something is missing that a reliable signature needs."),
    translatable("Look below at what is missing, and ask the office that signed."),
)
_UNSIGNED = Words(
    translatable("This document is not signed"),
    translatable("There is no digital signature in the file."),
    translatable("A picture of a signature or of a seal proves nothing. Ask for the signed file."),
)
_BY_VERDICT: Mapping[Verdict, Words] = {
    Verdict.TOTAL_PASSED: _PASSED,
    Verdict.TOTAL_FAILED: _FAILED,
    Verdict.INDETERMINATE: _OPEN,
}
INTEGRITY: Mapping[Integrity, str] = {
    Integrity.INTACT: translatable("What was signed is unchanged."),
    Integrity.ALTERED: translatable("What was signed was changed, or this is no signature."),
    Integrity.NOT_COVERED: translatable(
        "The document shows something that was not signed, or that the signer did not permit."
    ),
}
CHANGES: Mapping[str, str] = {
    "VALIDATION_DATA": translatable("Proofs for the archive were added"),
    "SIGNATURE": translatable("Another signature was added"),
    "FORM_FILLED": translatable("Form fields were filled in, as the signer permits"),
}
_NOT_YET = translatable("Ask again later, or ask the office that signed.")
_ASK_SIGNER = translatable("Ask the office that signed.")
_SIGN_AGAIN = translatable("Ask the signer to sign again with a good certificate.")
# Why a signature cannot be relied on, and what to do.
REASONS: Mapping[SubIndication, tuple[str, str]] = {
    SubIndication.FORMAT_FAILURE: (
        translatable("The document is not as the signer left it."),
        _FAILED.next_step,
    ),
    SubIndication.GENERIC: (
        translatable("The file or its signature is of a kind that is not examined here."),
        _ASK_SIGNER,
    ),
    SubIndication.HASH_FAILURE: (
        translatable("The content is not what was signed."),
        _FAILED.next_step,
    ),
    SubIndication.SIG_CRYPTO_FAILURE: (
        translatable("The signature was not made with this signer's key."),
        _FAILED.next_step,
    ),
    SubIndication.TRY_LATER: (
        translatable(
            "The signer's certificate is suspended, or nothing is known of its revocation."
        ),
        _NOT_YET,
    ),
    SubIndication.REVOKED_NO_POE: (
        translatable(
            "The signer's certificate was revoked, and nothing proves that this was signed before."
        ),
        _ASK_SIGNER,
    ),
    SubIndication.REVOKED_CA_NO_POE: (
        translatable("The authority that certified the signer was revoked."),
        _ASK_SIGNER,
    ),
    SubIndication.OUT_OF_BOUNDS_NO_POE: (
        translatable("A certificate has expired, and nothing proves that this was signed before."),
        _SIGN_AGAIN,
    ),
    SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE: (
        translatable("The proofs that the signer's certificate was good are too old."),
        _SIGN_AGAIN,
    ),
    SubIndication.NOT_YET_VALID: (
        translatable("The certificate was not valid yet at that time."),
        _ASK_SIGNER,
    ),
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND: (
        translatable("Nobody who is trusted here vouches for the signer."),
        _ASK_SIGNER,
    ),
    SubIndication.NO_SIGNING_CERTIFICATE_FOUND: (
        translatable("The signer's certificate is missing."),
        _ASK_SIGNER,
    ),
    SubIndication.CHAIN_CONSTRAINTS_FAILURE: (
        translatable("The signer's certificate is not one for signing documents."),
        _SIGN_AGAIN,
    ),
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE: (
        translatable("The signature was made in a way that is too weak today."),
        _SIGN_AGAIN,
    ),
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: (
        translatable("The signature was made in a way that is too weak today."),
        _SIGN_AGAIN,
    ),
}
_UNKNOWN_REASON = (_OPEN.meaning, _ASK_SIGNER)


def words_of_report(report: ValidationReport) -> Words:
    """Return what the whole report says."""
    if not report.signatures:
        return _UNSIGNED
    return _BY_VERDICT[report.verdict]


def words_of_signature(one: SignatureReport) -> Words:
    """Return what a report says of one signature."""
    if one.verdict is Verdict.TOTAL_PASSED or one.sub_indication is None:
        return _PASSED
    meaning, next_step = REASONS.get(one.sub_indication, _UNKNOWN_REASON)
    return Words(_BY_VERDICT[one.verdict].headline, meaning, next_step)


def in_both(words: Words) -> dict[str, str]:
    """Return the words in English and in Khmer, as JSON has them."""
    sentences = (words.headline + ".", words.meaning, words.next_step)
    khmer = (
        _khmer(words.headline) + "។",
        _khmer(words.meaning),
        _khmer(words.next_step),
    )
    return {"en": " ".join(sentences), "km": " ".join(khmer)}


def _khmer(text: str) -> str:
    return read_texts(TEXTS / "km.po")[text]
