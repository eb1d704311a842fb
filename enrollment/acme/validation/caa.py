"""CAA: whether a name's holder lets this authority issue (RFC 8659, RFC 8657)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from dns.rdtypes.ANY.CAA import CAA

from core.outgoing.deadline import Deadline
from core.outgoing.resolver import Resolver
from enrollment.acme.validation.caa_values import IssueValue, parse_issue_value
from enrollment.acme.validation.errors import ValidationFailed, quoted

# RFC 8659, Section 4.1: bit 0 is the highest one.
CRITICAL = 0x80
# What these say is known here, and that it does not restrict certificates for servers: RFC 8659,
# Section 4.4; RFC 9495; TLS Baseline Requirements, Appendix A.
KNOWN_TAGS = frozenset({b"issue", b"issuewild", b"iodef", b"issuemail", b"contactemail"}) | {
    b"contactphone"
}


@dataclass(frozen=True)
class IssueRequest:
    """What is about to be issued: by which challenge, to which account, a wildcard or not."""

    method: str
    account_uri: str
    wildcard: bool


def check_caa(
    dns_name: str,
    request: IssueRequest,
    *,
    identities: Collection[str],
    resolver: Resolver,
    deadline: Deadline,
) -> None:
    """Check that a name's CAA records let us issue. Raises ValidationFailed (``caa``, ``dns``)."""
    for name in _climb(dns_name.removeprefix("*.")):
        # RFC 8659, Section 3: aliases are followed, and the parents are those of the name itself.
        records = resolver.records(name, "CAA", deadline)
        if records:
            _check_set(name, [cast(CAA, one) for one in records], request, identities)
            return


def _climb(name: str) -> Iterator[str]:
    # RFC 8659, Section 3: the name, then each parent, and never the root.
    labels = name.split(".")
    for depth in range(len(labels)):
        yield ".".join(labels[depth:])


def _check_set(
    name: str, records: Sequence[CAA], request: IssueRequest, identities: Collection[str]
) -> None:
    """Check the relevant set of records: the nearest one that is not empty."""
    for record in records:
        # RFC 8659, Section 4.1: a critical property that is not understood forbids everything.
        if record.flags & CRITICAL and record.tag.lower() not in KNOWN_TAGS:
            raise ValidationFailed(
                "caa",
                f"The CAA records of {name} have the critical property {quoted(record.tag)}, "
                "which is not known here.",
            )
    properties = _applicable(records, wildcard=request.wildcard)
    # RFC 8659, Section 4.2: a set without any such property restricts nobody.
    if not properties:
        return
    reasons = [_reason_against(one.value, request, identities) for one in properties]
    if None in reasons:
        return
    # The reason that is nearest to letting us issue is the one to mend.
    reason = max((one for one in reasons if one is not None), key=lambda one: one.nearness)
    raise ValidationFailed("caa", f"The CAA records of {name} do not let us issue: {reason.text}.")


def _applicable(records: Sequence[CAA], *, wildcard: bool) -> list[CAA]:
    tagged = {
        tag: [one for one in records if one.tag.lower() == tag] for tag in (b"issue", b"issuewild")
    }
    # RFC 8659, Section 4.3: issuewild goes before issue for wildcards, and says nothing of others.
    return (tagged[b"issuewild"] if wildcard else []) or tagged[b"issue"]


@dataclass(frozen=True)
class _Reason:
    nearness: int
    text: str


def _reason_against(
    value: bytes, request: IssueRequest, identities: Collection[str]
) -> _Reason | None:
    """Return why one property does not let us issue, or None if it does."""
    try:
        stated = parse_issue_value(value)
    except ValidationFailed:
        # RFC 8659, Section 4.2: a malformed value is as one that names no issuer.
        return _Reason(0, f"a property cannot be read, {quoted(value)}")
    if stated.issuer not in identities:
        return _Reason(1, f"they name {quoted(stated.issuer or 'nobody')}, not us")
    if not _account_matches(stated, request.account_uri):
        return _Reason(2, "accounturi names another account")
    if not _method_matches(stated, request.method):
        return _Reason(3, f"validationmethods does not have {request.method}")
    # RFC 8659, Section 4.2: what other parameters mean is the issuer's to say; we have none.
    return None


def _account_matches(stated: IssueValue, account_uri: str) -> bool:
    # RFC 8657, Section 3: without the parameter any account; with several of them none.
    uris = stated.of("accounturi")
    return not uris or uris == [account_uri]


def _method_matches(stated: IssueValue, method: str) -> bool:
    # RFC 8657, Section 4: one of a comma-separated list. Several lists contradict each other.
    lists = stated.of("validationmethods")
    return not lists or (len(lists) == 1 and method in lists[0].split(","))
