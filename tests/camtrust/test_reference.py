"""The reference pages say what the code does."""

from __future__ import annotations

from camtrust.reference import REFERENCE, api_page, description, import_everything, problems_page
from core.web.problem_catalog import error_classes
from ocsp.conformance import rules_as_markdown

AGAIN = "run .venv/bin/python -m camtrust.reference"


def test_the_page_of_problems_is_true() -> None:
    assert (REFERENCE / "problems.md").read_text(encoding="utf-8") == problems_page(), AGAIN


def test_the_page_of_the_api_is_true() -> None:
    written = (REFERENCE / "api.md").read_text(encoding="utf-8")
    assert written == api_page(description()), AGAIN


def test_no_two_errors_of_all_packages_share_a_problem() -> None:
    import_everything()
    slugs = [kind.problem for kind in error_classes()]
    assert sorted({one for one in slugs if slugs.count(one) > 1}) == []


def test_the_page_of_ocsp_s_rules_is_made_from_the_table_that_is_tested() -> None:
    page = (REFERENCE / "ocsp-conformance.md").read_text(encoding="utf-8")
    assert page == rules_as_markdown(), AGAIN
