"""Every sentence of the pages is there in Khmer, and no Khmer is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract

from core.web.languages import TEXTS, read_texts
from enrollment.office import labels
from enrollment.office.routes import TEXTS as OFFICE_TEXTS
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
    return read_texts(TEXTS / "km.po") | read_texts(OFFICE_TEXTS / "km.po")


@pytest.mark.parametrize("folder", ["core/web", "enrollment/office"])
def test_every_sentence_of_a_page_is_there_in_khmer(folder: str) -> None:
    wanted = sentences(folder)
    assert len(wanted) > 5
    assert sorted(wanted - set(khmer())) == []


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
