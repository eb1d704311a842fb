"""What the standards ask of a status responder, rule by rule, and which check holds us to it.

RFC 6960 (OCSP), RFC 9919 (its profile for high volume, which replaced RFC 5019) and RFC 9654
(nonces): one row for each MUST (SHALL, REQUIRED) and each SHOULD (RECOMMENDED). "Form" stands
for what is said without such a word and clients count on. The checks are functions in
tests/ocsp/conformance; docs/reference/ocsp-conformance.md is made from this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# One rule: section | level | what is asked | the check, or a dash and why it is not for us.
# A line that begins with a space goes on with the one before.
_RFC_6960: Final = """
2.2 | MUST | the basic response type is supported | answers_are_basic_responses
2.2 | SHALL | definitive answers are signed | answers_are_signed
2.2 | MUST | the signing key is the CA's, a trusted responder's, or that of a responder whom the CA
 designated | the_signer_is_designated_by_the_issuer
2.2 | MUST | `revoked` for what was never issued comes with the extended-revoke extension
 | never_issued_as_revoked_says_so
2.2 | MUST | such an answer gives the reason certificateHold | never_issued_as_revoked_is_on_hold
2.2 | MUST | such an answer gives 1 January 1970 | never_issued_as_revoked_is_of_1970
2.2 | MUST NOT | such an answer has CRL references or CRL entry extensions
 | never_issued_as_revoked_has_no_single_extensions
2.3 | form | errors are not signed and have no responseBytes | errors_are_unsigned
2.3 | form | what cannot be read gets `malformedRequest` | nonsense_is_malformed
2.3 | form | `tryLater` where the answer cannot be given just now | what_is_away_means_try_later
2.3 | form | `internalError` for an inconsistent internal state | a_fault_is_an_internal_error
2.5 | SHALL | thisUpdate is the instant at which the status was known to be right
 | this_update_is_when_the_status_was_read
2.6 | MUST | the responder's certificate comes directly from the CA
 | the_signer_is_designated_by_the_issuer
3.1 | SHALL | a CA can put id-ad-ocsp with a URI into certificates | certificates_say_where_to_ask
3.2 | SHALL | six confirmations before an answer is accepted | - for clients
4.1.2 | SHALL | who signs a request gives its name | - for clients; signatures are not looked at
4.1.2 | SHOULD NOT | extensions are critical | our_extensions_are_not_critical
4.1.2 | MUST | unrecognized extensions are ignored | unknown_extensions_are_ignored
4.1.2 | MUST | unless they are critical | unknown_critical_extensions_are_refused
4.2.1 | SHALL | the response is the DER of a BasicOCSPResponse | answers_are_in_der
4.2.1 | SHALL | the responder can produce id-pkix-ocsp-basic | answers_are_basic_responses
4.2.1 | SHALL | the signature is over the DER of ResponseData | answers_are_signed
4.2.1 | SHOULD | certs is absent rather than empty | the_signer_stands_in_certs
4.2.2.1 | SHOULD | stale answers and those from the future are not relied on | - for clients
4.2.2.2 | MUST | the issuer signs itself, or designates who does
 | the_signer_is_designated_by_the_issuer
4.2.2.2 | SHALL | it designates by id-kp-OCSPSigning in the signer's certificate
 | the_signer_is_designated_by_the_issuer
4.2.2.2 | MUST | the signer's certificate is issued by the CA that the request names
 | each_issuer_has_its_own_signer
4.2.2.2 | SHOULD | with the key that signed the certificates asked about
 | each_issuer_has_its_own_signer
4.2.2.2 | MUST | id-kp-OCSPSigning is looked for, and other signers refused | - for clients
4.2.2.2.1 | SHOULD | id-pkix-ocsp-nocheck is not critical | responder_certificates_say_nocheck
4.2.2.2.1 | SHALL | its value is NULL | responder_certificates_say_nocheck
4.2.2.3 | MUST | the version is v1 | answers_are_version_1
4.2.2.3 | MUST | the responder ID fits the certificate that signed
 | the_responder_is_named_by_its_key
4.2.2.3 | MUST | there is an answer for each certificate of the request
 | each_question_is_answered_in_order
4.2.2.3 | SHOULD NOT | there are others besides | each_question_is_answered_in_order
4.3 | SHALL | RSA with SHA-256 can be verified | - for clients; CamDX's responder signs with it
4.4.3 | SHALL | id-pkix-ocsp-basic is among the types that can be given
 | acceptable_responses_are_understood
4.4.3 | SHOULD | the types wanted are named by id-pkix-ocsp-response | - for clients
4.4.4 | SHOULD | who keeps standings beyond expiry gives the archive cut-off
 | the_archive_cutoff_stands_where_standings_are_kept
4.4.4 | SHALL | it is a GeneralizedTime in singleExtensions
 | the_archive_cutoff_stands_where_standings_are_kept
4.4.7.1 | MUST | preferred algorithms are supported ones, in order | - for clients
4.4.7.2.1 | SHOULD | the first choice that is known, supported and strong enough
 | preferred_algorithms_are_met_or_passed_over
4.4.8 | MUST | extended-revoke stands beside `revoked` for what was never issued
 | never_issued_as_revoked_says_so
4.4.8 | MUST | it stands in responseExtensions | never_issued_as_revoked_says_so
4.4.8 | MUST NOT | it stands in singleExtensions
 | never_issued_as_revoked_has_no_single_extensions
4.4.8 | SHALL | its value is NULL | never_issued_as_revoked_says_so
4.4.8 | MUST NOT | it is critical | never_issued_as_revoked_says_so
5.1.1 | MUST | the signature algorithm is strong enough | signatures_are_strong
A.1 | form | GET of the base64 of the request, URL-encoded | get_is_read_in_every_spelling
A.1 | form | POST of the request as application/ocsp-request | post_reads_its_media_type_alone
A.1 | SHOULD | large requests come by POST | - for clients; both are read up to 10,000 octets
A.2 | form | the answer is application/ocsp-response | answers_have_their_media_type
A.2 | SHOULD | Content-Length is the response's length | answers_have_their_length
"""

_RFC_9919: Final = """
3.1.1 | MUST | a request has one question | - for clients; several are answered in order
3.1.1 | MUST | CertIDs are by SHA-256 | certid_by_sha256_is_answered
3.1.1 | MUST | older clients move on from SHA-1 | - for clients; meanwhile they are answered
3.1.1 | MUST NOT | there are singleRequestExtensions | - for clients
3.1.1 | SHOULD NOT | there are requestExtensions | - for clients
3.1.1 | RECOMMENDED | if there are, then a nonce alone | - for clients
3.1.2 | SHOULD NOT | requests are signed | - for clients
3.1.2 | SHALL | a signed request has requestorName | - for clients
3.1.2 | MUST | unsigned requests with requestorName are handled as if it were absent
 | requestor_name_changes_nothing
3.2.1 | SHALL | the response is the DER of a BasicOCSPResponse | answers_are_in_der
3.2.1 | MUST | it is an id-pkix-ocsp-basic | answers_are_basic_responses
3.2.1 | MUST | a BasicOCSPResponse can be read | - for clients
3.2.1 | SHOULD | there is one SingleResponse | one_question_has_one_answer
3.2.1 | SHOULD NOT | CertIDs by SHA-1 are given where no client needs them | a_certid_is_echoed
3.2.1 | SHOULD NOT | there are responseExtensions | there_are_no_response_extensions_unasked
3.2.1 | MUST | unrecognized responseExtensions are ignored | - for clients
3.2.1 | SHOULD | an option that is not supported leads to the most complete answer without it
 | unsupported_options_are_passed_over
3.2.1 | SHOULD | an answer without the nonce is taken | - for clients
3.2.2 | MUST | the signature is validated | - for clients
3.2.2 | MUST | a delegate's certificate stands in certs | the_signer_stands_in_certs
3.2.2 | RECOMMENDED | it has id-pkix-ocsp-nocheck | responder_certificates_say_nocheck
3.2.2 | RECOMMENDED | it has neither an OCSP pointer nor CRL distribution points
 | responder_certificates_have_no_pointers
3.2.2 | SHOULD | it is short-lived and renewed regularly | responder_certificates_are_short_lived
3.2.2 | MUST | responders are recognized by key | - for clients
3.2.2 | SHOULD | and by name | - for clients
3.2.2 | MUST | the responder is named by its key | the_responder_is_named_by_its_key
3.2.3 | MUST | `unauthorized` without authoritative records: foreign issuers
 | foreign_issuers_are_unauthorized
3.2.3 | MUST | `unauthorized` without authoritative records: what was never issued
 | never_issued_is_unauthorized
3.2.4 | MUST | thisUpdate is when the status was known to be right
 | this_update_is_when_the_status_was_read
3.2.4 | MUST | nextUpdate is there | next_update_is_always_there
3.2.4 | MUST | producedAt is when the answer was signed | produced_at_is_when_it_was_signed
3.2.4 | MUST | times are in GMT with seconds | times_are_in_whole_seconds_of_gmt
3.2.4 | MUST NOT | times have fractions of seconds | times_are_in_whole_seconds_of_gmt
4.1 | MUST | AIA with id-ad-ocsp is recognized | - for clients
4.1 | SHOULD | the responder is asked before the CRL is fetched | - for clients
4.2 | MUST | signatures are verified before status is asked | - for clients
4.2 | SHOULD NOT | status of expired certificates is asked | - for clients
5 | MUST | there is an accurate source of time | times_follow_the_clock
5 | MUST | freshness is judged by time, and stale answers refused | - for clients
5 | SHOULD NOT | answers are refused for lack of a nonce alone | - for clients
6 | MUST | requests and answers go over HTTP | get_and_post_give_the_same_answer
6 | MUST | requests up to 255 octets come by GET, in base64, URL-encoded | - for clients
6 | SHOULD | larger ones come by POST | - for clients
6 | form | the header fields of an answer that can be cached | answers_have_their_header_fields
7.1 | MUST | answers are kept by clients | - for clients
7.1 | SHOULD | clients ask again after max-age | - for clients
7.1 | MUST | the answer is refreshed before max-age ends | after_max_age_the_answer_is_new
7.2 | SHOULD | header fields let proxies keep answers | answers_have_their_header_fields
7.2 | form | Last-Modified is thisUpdate | last_modified_is_this_update
7.2 | form | Expires is nextUpdate | expires_is_next_update
7.2 | RECOMMENDED | ETag is the SHA-256 of the response in hexadecimal | etag_is_the_hash
7.2 | form | max-age ends after thisUpdate and before nextUpdate | max_age_ends_before_next_update
7.2 | form | Cache-Control: public, no-transform, must-revalidate | cache_control_says_it_all
7.2 | MUST NOT | no-cache or no-store stand in authoritative answers | good_and_revoked_are_kept
7.2 | SHOULD | they stand in others | errors_and_never_issued_are_not_kept
7.2 | MUST NOT | no-cache stands in requests | - for clients
7.3 | RECOMMENDED | certificate status in TLS handshakes | - for TLS clients and servers
8.1 | MUST | answers are fresh by an accurate time | - for clients
8.2 | MUST | the responder is authorized, and its signature valid | - for clients
8.4 | SHOULD | measures against denial of service: questions about what was never issued
 | strangers_cannot_spend_the_token
8.4 | SHOULD | measures against denial of service: large requests | large_requests_are_refused
8.5 | SHOULD | only what is signed is relied on | - for clients
"""

_RFC_5019: Final = """
2.1.1 | MUST | CertIDs are by SHA-1 | certid_by_sha1_is_answered
"""

_RFC_9654: Final = """
2.1 | MUST | a nonce has at least 1 octet, and up to 128 | nonces_of_1_to_128_octets_are_echoed
2.1 | MUST | none or more than 128 octets get `malformedRequest` | other_nonces_are_malformed
2.1 | MUST | nonces of 16 octets and more are accepted | nonces_of_1_to_128_octets_are_echoed
2.1 | MUST | new clients send 32 octets or more | - for clients
2.1 | MUST | nonces come from a strong random generator | - for clients
"""

TITLES: Final = {
    6960: "RFC 6960: OCSP",
    9919: "RFC 9919: the profile for high volume",
    5019: "RFC 5019: what RFC 9919 replaced, where it asked for something else",
    9654: "RFC 9654: nonces",
}


@dataclass(frozen=True)
class Rule:
    """One thing that a standard asks; ``check`` names who holds us to it.

    ``not_ours`` says why there is no check, and then ``check`` is None.
    """

    rfc: int
    section: str
    level: str
    text: str
    check: str | None
    not_ours: str | None = None


def read_rules(rfc: int, table: str) -> Iterator[Rule]:
    """Read a table. Raises ValueError for a line that is no rule."""
    for line in table.strip().replace("\n ", " ").splitlines():
        section, level, text, last = line.split(" | ")
        not_ours = last.removeprefix("- ") if last.startswith("- ") else None
        yield Rule(rfc, section, level, text, None if not_ours else last, not_ours)


RULES: Final = (
    *read_rules(6960, _RFC_6960),
    *read_rules(9919, _RFC_9919),
    *read_rules(5019, _RFC_5019),
    *read_rules(9654, _RFC_9654),
)


def rules_as_markdown() -> str:
    """Return docs/reference/ocsp-conformance.md."""
    lines = [
        "# The status responder and its standards",
        "",
        "Made from `ocsp/conformance.py` by `python -m camtrust.reference`. Every MUST (SHALL,",
        'REQUIRED) and SHOULD (RECOMMENDED) that concerns OCSP has a row; "form" stands for what',
        "is said without such a word and clients count on. The checks are functions in",
        "`tests/ocsp/conformance/`; each runs through every way into the responder.",
    ]
    for rfc, title in TITLES.items():
        ours = [one for one in RULES if one.rfc == rfc and one.check is not None]
        lines += ["", f"## {title}", "", "| section | level | what it asks | check |"]
        lines += ["|---|---|---|---|"]
        lines += [f"| {one.section} | {one.level} | {one.text} | `{one.check}` |" for one in ours]
        others = [one for one in RULES if one.rfc == rfc and one.check is None]
        if others:
            lines += ["", "Not for a responder:", "", "| section | level | what it asks | why |"]
            lines += ["|---|---|---|---|"]
            lines += [
                f"| {one.section} | {one.level} | {one.text} | {one.not_ours} |" for one in others
            ]
    return "\n".join(lines) + "\n"
