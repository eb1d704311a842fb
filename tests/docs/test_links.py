"""A link in the documents leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote


def test_every_link_leads_to_a_file_and_a_heading_that_exist(
    document: Any, documents: dict[str, Any], root: Path
) -> None:
    broken = [link for link in document.links if not _leads(link, document, documents, root)]
    assert broken == []


def test_every_document_is_reached_from_the_index_or_the_readme(
    documents: dict[str, Any], root: Path
) -> None:
    reached = {"README.md"}
    ahead = ["README.md"]
    while ahead:
        here = documents[ahead.pop()]
        for link in here.links:
            if re.match(r"[a-z]+:|#", link):
                continue
            path = (here.path.parent / unquote(link.partition("#")[0])).resolve()
            name = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
            if name in documents and name not in reached:
                reached.add(name)
                ahead.append(name)
    assert sorted(set(documents) - reached) == []


def _leads(link: str, document: Any, documents: dict[str, Any], root: Path) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    target, _, fragment = unquote(link).partition("#")
    path = (document.path.parent / target).resolve() if target else document.path
    if not path.exists():
        return False
    if not fragment:
        return True
    name = path.relative_to(root).as_posix()
    return name in documents and fragment in documents[name].anchors
