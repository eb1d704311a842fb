"""Schemas: the published examples, and another implementation of JSON Schema beside ours."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.passes.formats.moments import day_ends
from signing.passes.rules.luhn import checksum, is_right
from signing.passes.rules.schema import Schema, schema
from tests.signing.passes import vectors
from tests.signing.passes.issuers import card, dcc, draft_icvp, icvp, proof_of_testing, seal_data

EXAMPLES = [
    *vectors.names("eudcc-schema/examples/*/*.json"),
    *vectors.names("eudcc-schema/test/valid/*.json"),
]
CONTENTS: dict[str, Callable[[], Any]] = {
    "dcc": dcc,
    "icvp": icvp,
    "icvp-draft": draft_icvp,
    "vds_nc": seal_data,
    "shc": card,
    "ddcc": lambda: {"name": "Dara", "vaccine": {"code": "1"}, "date": "2026-02-18"},
    "vds_nc-test": proof_of_testing,
    "claim169": lambda: {"4": "សុខ ដារ៉ា", "8": "19900412"},
}


def document(name: str) -> Any:
    folder = resources.files("signing.passes.rules")
    return json.loads(folder.joinpath(f"{name}.schema.json").read_text("utf-8"))


def other(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(document(name), validate_formats=True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_published_example_follows_the_schema(name: str) -> None:
    assert schema("dcc").faults(vectors.document(name)) == []


@pytest.mark.parametrize("name", vectors.names("eudcc-schema/test/invalid/*.json"))
def test_what_upstream_calls_invalid_does_not_follow(name: str) -> None:
    assert schema("dcc").faults(vectors.document(name)) != []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_published_identifiers_with_a_checksum_have_the_right_one(name: str) -> None:
    document = vectors.document(name)
    entries = [one for group in "vtr" for one in document.get(group, [])]
    marked = [one["ci"] for one in entries if one["ci"][-2:-1] == "#"]
    assert [one for one in marked if not is_right(one)] == []


def test_a_wrong_checksum_is_noticed() -> None:
    right = "URN:UVCI:01:NL:DADFCC47C7334E45A906DB12FD859FB7"
    assert checksum(right) == "1"
    assert is_right(f"{right}#1")
    assert not is_right(f"{right}#2")
    assert not is_right(f"{right.replace('DADF', 'ADDF')}#1")
    assert checksum("១២៣") is None


@pytest.mark.parametrize("content", CONTENTS)
def test_our_own_good_content_follows(content: str) -> None:
    name = content.partition("-")[0]
    assert schema(name).faults(CONTENTS[content]()) == []
    assert other(name).is_valid(CONTENTS[content]())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.just("2026-02-30"),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3)
    ),
    max_leaves=6,
)


def mutated(content: Any, data: st.DataObject) -> Any:
    """Put something else in one place of a good content, or take the place away."""
    here, places = content, []
    while isinstance(here, dict | list) and here:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = data.draw(st.sampled_from(keys))
        places.append((here, key))
        here = here[key]
    holder, key = data.draw(st.sampled_from(places))
    if data.draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = data.draw(JSON)
    return content


@pytest.mark.parametrize("content", CONTENTS)
@given(data=st.data())
def test_another_implementation_of_json_schema_agrees(content: str, data: st.DataObject) -> None:
    name = content.partition("-")[0]
    value = mutated(CONTENTS[content](), data)
    assert (schema(name).faults(value) == []) == other(name).is_valid(value)


def test_a_keyword_that_is_not_known_is_our_fault_and_no_silent_pass() -> None:
    with pytest.raises(KeyError):
        Schema({"uniqueItems": True})


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("2026-11-22T08:00:00Z", True),
        ("2026-11-22T08:00", True),
        ("2026-11-22 08:00:59.123456789+07", True),
        ("2026-11-22t08:00:00.5z", True),
        ("2026-11-22T08:00:00-0330", True),
        ("2026-11-22T08:00:60Z", False),
        ("2026-11-22T08:00:99", False),
        ("2026-11-22T24:00:00Z", False),
        ("2026-11-22T08:00:00+24:00", False),
        ("2026-11-22T08:00:00+07:60", False),
        ("2026-11-22T08:00:00+0799", False),
        ("2026-11-22T08:00:00Z and more", False),
        ("2026-11-22T08:00:00Z\n", False),
        ("2026-11-31T08:00:00Z", False),
        ("2026-W47-7T08:00", False),
    ],
)
def test_an_instant_is_read_whole(text: str, fine: bool) -> None:
    assert (Schema({"format": "date-time"}).faults(text) == []) is fine
    # What is judged by one rule is not read by another.
    assert (day_ends(text) is not None) is fine


@contextmanager
def soon() -> Iterator[None]:
    """End what would take for ever; regular expressions look for signals while they search."""

    def end(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(20)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def patterns(value: Any) -> Iterator[str]:
    """Every pattern of a schema."""
    below = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in below:
        if key == "pattern":
            yield one
        elif isinstance(one, dict | list):
            yield from patterns(one)


NAMES = sorted({content.partition("-")[0] for content in CONTENTS})
PATTERNS = sorted({pattern for name in NAMES for pattern in patterns(document(name))})


def test_a_version_of_sixty_thousand_digits_is_refused_soon() -> None:
    with soon():
        assert schema("dcc").faults(dcc(ver="1" * 60_000)) != []
        assert schema("dcc").faults(dcc(ver="1" * 60_000 + "x")) != []


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("part", ["1", "1.", "1-", "-11", "A", "a", "<", "/", "a/"])
def test_no_pattern_takes_long_over_a_long_text(pattern: str, part: str) -> None:
    rule = Schema({"pattern": pattern})
    with soon():
        for start in ("", "https://", "4.", "19"):
            rule.faults(start + part * 60_000)
            rule.faults(start + part * 60_000 + "\n")


def test_khmer_digits_are_no_digits_and_an_end_is_an_end() -> None:
    assert schema("dcc").faults(dcc(dob="១៩៩០-០៤-១២")) != []
    assert schema("dcc").faults(dcc(dob="1990-04-12\n")) != []
    assert schema("icvp").faults(icvp(dob="២០២៦-១២-០១")) != []
