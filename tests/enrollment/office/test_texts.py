"""Every sentence of the pages is there in Khmer, and no Khmer is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract

from camtrust.page_texts import PAGE_TEXTS
from core.errors import CamtrustError
from core.web.languages import read_texts
from enrollment.office import labels
from tests.enrollment.world import World

ROOT = Path(__file__).parents[3]
PLACEHOLDER = re.compile(r"%\([a-z_]+\)s")


def sentences(folder: str) -> set[str]:
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*"):
        if "node_modules" in path.parts or path.suffix not in {".html", ".py"}:
            continue
        pages = path.suffix == ".html"
        method = "jinja2.ext:babel_extract" if pages else "python"
        with path.open("rb") as file:
            found |= {
                str(message)
                for _line, message, _comments, _context in extract(
                    method, file, keywords={"_" if pages else "translatable": None}
                )
            }
    return found


def khmer() -> dict[str, str]:
    return {
        one: text for folder in PAGE_TEXTS for one, text in read_texts(folder / "km.po").items()
    }


# Each room of pages stands above its texts.
ROOMS = sorted(str(one.parent.relative_to(ROOT)) for one in PAGE_TEXTS)


@pytest.mark.parametrize("folder", ROOMS)
def test_every_sentence_of_a_page_is_there_in_khmer(folder: str) -> None:
    wanted = sentences(folder)
    assert len(wanted) > 5
    assert sorted(wanted - set(khmer())) == []


def test_a_sentence_has_one_khmer_on_all_pages() -> None:
    said: dict[str, set[str]] = {}
    for folder in PAGE_TEXTS:
        for english, text in read_texts(folder / "km.po").items():
            said.setdefault(english, set()).add(text)
    # The texts of all rooms are one dictionary: of two, the last would be said everywhere.
    assert [english for english, texts in said.items() if len(texts) > 1] == []


def test_every_kind_of_certificate_has_a_khmer_name(world: World) -> None:
    titles = {profile.title for profile in world.open_profiles.all()}
    assert sorted(titles - set(khmer())) == []


def test_every_fact_that_can_be_applied_with_has_a_label(world: World) -> None:
    facts = {name for profile in world.open_profiles.all() for name in profile.facts}
    assert sorted(facts - set(labels.FACTS)) == []


def test_a_translation_keeps_the_places_of_the_values() -> None:
    for english, translated in khmer().items():
        assert PLACEHOLDER.findall(english) == PLACEHOLDER.findall(translated), english


def test_khmer_is_written_in_khmer_letters() -> None:
    for english, translated in khmer().items():
        assert re.search(r"[\u1780-\u17ff]", translated), english


# What somebody at a page may be told no with; what machines alone are told stays in English.
TOLD_ON_PAGES = (
    "ca.constraints.refusals",
    "ca.csr.refusals",
    "enrollment.counter",
    "enrollment.errors",
    "enrollment.escrow",
    "enrollment.holding",
    "enrollment.institutions",
    "enrollment.invitations",
    "enrollment.key_creation",
    "enrollment.lists",
    "enrollment.objections",
    "enrollment.office",
    "enrollment.passkeys",
    "enrollment.people",
    "enrollment.sign_in",
    "enrollment.step_up",
    "enrollment.subscriber",
    "signing.approval",
)


def refusals(above: type[CamtrustError] = CamtrustError) -> Iterator[type[CamtrustError]]:
    for one in above.__subclasses__():
        yield one
        yield from refusals(one)


def test_every_refusal_that_a_page_shows_has_a_khmer_title(world: World) -> None:
    world.parts()  # so that all of them are imported
    told = [one for one in refusals() if one.__module__.startswith(TOLD_ON_PAGES)]
    assert len(told) > 100
    assert sorted({one.title for one in told} - set(khmer())) == []
