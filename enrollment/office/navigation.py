"""The officers' navigation as data: a few sections, each with the pages that one may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.web.languages import translatable


@dataclass(frozen=True)
class Entry:
    """A page of the navigation, for who holds one of ``permissions``.

    ``leads_to``: endpoints, or whole blueprints, of the pages that one comes to from it.
    """

    endpoint: str
    name: str
    permissions: tuple[str, ...]
    leads_to: frozenset[str] = frozenset()

    def is_above(self, endpoint: str) -> bool:
        """Tell whether the page behind ``endpoint`` belongs to this one."""
        return endpoint == self.endpoint or bool({endpoint, endpoint.split(".")[0]} & self.leads_to)


@dataclass(frozen=True)
class Section:
    """Pages that belong together, under one name."""

    name: str
    pages: tuple[Entry, ...]


def _page(endpoint: str, name: str, *permissions: str, leads_to: tuple[str, ...] = ()) -> Entry:
    return Entry(endpoint, name, permissions, frozenset(leads_to))


_OF_AN_APPLICATION = ("approve", "refuse", "ask_back", "answer", "revoke")
SECTIONS = (
    Section(
        translatable("Applications"),
        (
            _page("office.queue", translatable("Waiting for you"), "application:read"),
            _page(
                "office.all_applications",
                translatable("All applications"),
                "application:read",
                leads_to=(
                    "office.application",
                    "office.bundle",
                    *(f"office.{act}" for act in _OF_AN_APPLICATION),
                    *(f"office.{act}_bundle" for act in _OF_AN_APPLICATION[:3]),
                ),
            ),
            _page(
                "seals.ask",
                translatable("Seal of an institution"),
                "application:submit",
                leads_to=("seals",),
            ),
            _page(
                "office.ask",
                translatable("Search"),
                "application:read",
                leads_to=("office.search",),
            ),
            _page(
                "batch_pages.all_batches",
                translatable("Batches"),
                "application:read",
                leads_to=("batch_pages",),
            ),
            _page(
                "objections.office_list",
                translatable("Objections"),
                "application:read",
                leads_to=("objections",),
            ),
        ),
    ),
    Section(
        translatable("Certificates"),
        (
            _page(
                "office_issued.certificates",
                translatable("Certificates"),
                "application:read",
                leads_to=("office_issued",),
            ),
            _page(
                "escrow_pages.recoveries",
                translatable("Escrowed mail keys"),
                "escrow:read",
                leads_to=("escrow_pages",),
            ),
        ),
    ),
    Section(
        translatable("Staff"),
        (
            _page(
                "invitation_desk.listing",
                translatable("Invitations"),
                "invitation:read",
                "invitation:print-slip",
                leads_to=("invitation_desk",),
            ),
            _page(
                "list_pages.all_lists",
                translatable("Staff lists"),
                "list:read",
                leads_to=tuple(
                    f"list_pages.{act}"
                    for act in ("upload", "one_list", "accept", "approve", "withdraw")
                ),
            ),
        ),
    ),
    Section(
        translatable("Machines"),
        (
            _page(
                "office_grants.all_grants",
                translatable("Grants for machines"),
                "grant:read",
                leads_to=("office_grants",),
            ),
            _page(
                "client_pages.all_clients",
                translatable("Programs"),
                "client:read",
                leads_to=("client_pages",),
            ),
        ),
    ),
    Section(
        translatable("Administration"),
        (
            _page(
                "list_pages.all_institutions",
                translatable("Institutions"),
                "institution:read",
                leads_to=("list_pages.register", "list_pages.change_institution"),
            ),
            _page("office_staff.officers", translatable("Officers"), "officer:read"),
            _page(
                "office_audit.acts",
                translatable("Acts on record"),
                "audit:read",
                leads_to=("office_audit",),
            ),
        ),
    ),
    Section(
        translatable("Counter"),
        (_page("counter.ask", translatable("Counter"), "counter:serve", leads_to=("counter",)),),
    ),
)


def navigation(may: Callable[[str], bool], endpoint: str | None) -> dict[str, Any]:
    """Return what the layout shows: the sections with what ``may`` be read, and where one is."""
    shown = [
        (section, [page for page in section.pages if any(map(may, page.permissions))])
        for section in SECTIONS
    ]
    sections = [(section, pages) for section, pages in shown if pages]
    here = [
        (section, page, pages)
        for section, pages in sections
        for page in pages
        if page.is_above(endpoint or "")
    ]
    section, page, pages = here[0] if here else (None, None, [])
    return {"sections": sections, "section": section, "page_above": page, "pages_beside": pages}
