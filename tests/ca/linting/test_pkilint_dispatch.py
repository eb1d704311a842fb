"""Dispatching by type saves pkilint questions, and changes not one of its answers."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import loader

from ca.linting import Linter
from ca.linting.pkilint_dispatch import dispatch_by_type
from ca.linting.pkilint_validators import build_certificate_validator
from ca.linting.throwaway import sign_copy
from hsm.keys import KeyAlgorithm
from tests.ca.linting.test_rules import BAD, good
from tests.ca.software_hierarchy import readable_hierarchy


def answers(certificate_der: bytes, container: Any) -> list[tuple[object, ...]]:
    """Every result of every validator, in order: also what is below WARNING, also silence."""
    document = loader.load_der_certificate(certificate_der)
    return [
        (type(result.validator).__name__, result.node.path, str(result.finding_descriptions))
        for result in container.validate(document.root)
    ]


@cache
def plain_and_dispatched(linter: str, type_name: str | None) -> tuple[Any, Any]:
    plain, _ = build_certificate_validator(linter, type_name)
    dispatched, _ = build_certificate_validator(linter, type_name)
    dispatch_by_type(dispatched)
    return plain, dispatched


@pytest.mark.parametrize("name", sorted(readable_hierarchy().profiles))
def test_every_profile_gets_the_same_answers(name: str) -> None:
    hierarchy = readable_hierarchy()
    draft = Linter(profiles=hierarchy.profiles).draft(hierarchy.plan(name))
    lint = hierarchy.profiles[name].definition.lint
    plain, dispatched = plain_and_dispatched(lint.linter, lint.type)
    certificate_der = draft.certificate.public_bytes(Encoding.DER)
    expected = answers(certificate_der, plain)
    assert len(expected) > 20
    assert answers(certificate_der, dispatched) == expected


def test_every_defect_gets_the_same_answers() -> None:
    findings = 0
    for profile, surgery in BAD.values():
        damaged = surgery(good(profile))
        lint = damaged.profile.definition.lint
        plain, dispatched = plain_and_dispatched(lint.linter, lint.type)
        certificate_der = sign_copy(damaged.tbs_der, KeyAlgorithm.EC_P256)
        expected = answers(certificate_der, plain)
        findings += sum(one[2] != "[]" for one in expected)
        assert answers(certificate_der, dispatched) == expected
    assert findings > len(BAD)


def test_fewer_validators_are_asked() -> None:
    hierarchy = readable_hierarchy()
    plan = hierarchy.plan("person-signing")
    certificate_der = (
        Linter(profiles=hierarchy.profiles).draft(plan).certificate.public_bytes(Encoding.DER)
    )
    lint = hierarchy.profiles["person-signing"].definition.lint
    # Not the cached pair: it is watched from here on.
    pair = plain_and_dispatched.__wrapped__(lint.linter, lint.type)
    asked = [_questions(certificate_der, one) for one in pair]
    assert asked[1] < asked[0] / 3


def _questions(certificate_der: bytes, container: Any) -> int:
    count = 0

    def counting(match: Any) -> Any:
        def ask(node: Any) -> bool:
            nonlocal count
            count += 1
            return bool(match(node))

        return ask

    def watch(one: Any) -> None:
        one.match = counting(one.match)
        for below in getattr(one, "validators", ()):
            watch(below)

    watch(container)
    answers(certificate_der, container)
    return count
