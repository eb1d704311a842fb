"""What every place to publish to does, folder and object store alike."""

from __future__ import annotations

from core.publishing.target import Outcome, PublicationTarget
from tests.core.publishing.publications import publication

WRITTEN, UNCHANGED, OVERTAKEN = Outcome.WRITTEN, Outcome.UNCHANGED, Outcome.OVERTAKEN
NAME = "crl/people-1/0.crl"


def test_what_is_published_is_there_whole(target: PublicationTarget) -> None:
    # A tenth of a million octets, so that it is not sent in one packet.
    large = publication(NAME, 1, b"x" * 100_000)

    assert target.put([large, publication("ca/people-1.cer", 1)]) == [WRITTEN, WRITTEN]
    assert target.read(NAME) == large.open().read()
    assert sorted(target.names("crl/")) == [NAME]


def test_what_is_there_already_is_not_written_again(target: PublicationTarget) -> None:
    target.put([publication(NAME, 1)])

    assert target.put([publication(NAME, 1), publication("a", 1)]) == [UNCHANGED, WRITTEN]


def test_a_newer_one_replaces_an_older_one_and_never_the_other_way(
    target: PublicationTarget,
) -> None:
    assert target.put([publication(NAME, 5)]) == [WRITTEN]
    assert target.put([publication(NAME, 6)]) == [WRITTEN]
    assert target.put([publication(NAME, 5)]) == [OVERTAKEN]
    assert target.read(NAME) == b"6\n"


def test_another_content_of_the_same_order_replaces(target: PublicationTarget) -> None:
    target.put([publication(NAME, 5)])

    assert target.put([publication(NAME, 5, b"again")]) == [WRITTEN]
    assert target.read(NAME) == b"5\nagain"


def test_nothing_is_read_where_nothing_is(target: PublicationTarget) -> None:
    assert target.read(NAME) is None
    assert list(target.names("crl/")) == []


def test_what_is_unwanted_is_removed_and_what_is_wanted_again_stays(
    target: PublicationTarget,
) -> None:
    names = ["ocsp/a", "ocsp/b", "ocsp/c"]
    target.put([publication(name, 1) for name in names])

    removed = target.remove([*names, "ocsp/never-there"], lambda name: name != "ocsp/b")

    assert removed == 2
    assert list(target.names("ocsp/")) == ["ocsp/b"]


def test_a_note_is_kept_and_is_not_among_the_names(target: PublicationTarget) -> None:
    target.note("answers.json", b"first")
    target.note("answers.json", b"second")

    assert target.read(".camtrust/answers.json") == b"second"
    assert list(target.names("ocsp/")) == []


def test_names_have_the_characters_of_base64(target: PublicationTarget) -> None:
    name = "ocsp/MF+w/AB=="

    target.put([publication(name, 1)])

    assert list(target.names("ocsp/")) == [name]
    assert target.read(name) == b"1\n"


def test_both_say_that_publishers_are_kept_in_order(target: PublicationTarget) -> None:
    assert target.orders_publishers
