"""The languages of the pages: Khmer and English.

A page is written in English in its template, ``_("...")`` around each sentence; ``km.po`` files
hold the Khmer. Which language a page is in, its reader chose with the switch, else the browser's
Accept-Language says it (RFC 9110, Section 12.5.4), and without either it is Khmer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from apiflask import APIBlueprint
from babel.messages.pofile import read_po
from flask import Flask, Response, current_app, g, redirect, request

from core.web.access_control import public
from core.web.bodies import reads
from core.web.forms import FORM

TEXTS = Path(__file__).parent / "locale"
COOKIE = "language"
COOKIE_SECONDS = 365 * 24 * 3600
# Cambodia keeps one time zone the whole year.
PHNOM_PENH = timezone(timedelta(hours=7))
_KEY = "camtrust_texts"


class Language(StrEnum):
    """A language that every page is written in."""

    KHMER = "km"
    ENGLISH = "en"


languages = APIBlueprint("languages", __name__, enable_openapi=False)


@languages.post("/language")
@public
@reads(FORM)
def switch_language() -> Any:
    """Remember the language that the reader chose, and go back to the page."""
    response = redirect(own_path(request.form.get("back", "")), 303)
    chosen = request.form.get("language")
    if chosen in set(Language):
        response.set_cookie(
            COOKIE,
            str(chosen),
            max_age=COOKIE_SECONDS,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def speak(app: Flask, folders: Iterable[Path]) -> None:
    """Give the templates ``_``, the language and the dates; read ``km.po`` of each folder."""
    khmer: dict[str, str] = {}
    for folder in folders:
        khmer |= read_texts(folder / "km.po")
    app.extensions[_KEY] = khmer
    app.register_blueprint(languages)
    environment: Any = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(_text_of_a_page, _say_plural, newstyle=True)
    environment.globals |= {"language": language, "Language": Language, "in_khmer": in_khmer}
    environment.filters |= {"day": day, "instant": instant}

    @app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.add("Vary", "Cookie, Accept-Language")
        return response


@contextmanager
def speak_in(spoken: Language) -> Iterator[None]:
    """Make pages in one language, whatever their reader chose."""
    g.spoken_language = spoken
    try:
        yield
    finally:
        g.pop("spoken_language")


def language() -> Language:
    """Return the language of the page that is being made."""
    if spoken := g.get("spoken_language"):
        return Language(spoken)
    chosen = request.cookies.get(COOKIE)
    if chosen in set(Language):
        return Language(chosen)
    offered = [str(one) for one in Language]
    return Language(request.accept_languages.best_match(offered, default=Language.KHMER))


def say(text: str) -> str:
    """Return ``text`` in the language of the page; English where the Khmer is missing."""
    if language() is Language.ENGLISH:
        return text
    khmer: dict[str, str] = current_app.extensions[_KEY]
    return khmer.get(text, text)


def in_khmer(text: str) -> str:
    """Return ``text`` in Khmer whatever the page's language: for paper in both."""
    khmer: dict[str, str] = current_app.extensions[_KEY]
    return khmer.get(text, text)


def translatable(text: str) -> str:
    """Mark a text that is said later, so that it is found and translated."""
    return text


@cache
def read_texts(path: Path) -> Mapping[str, str]:
    """Return what a ``.po`` file translates; it is read once in a process."""
    with path.open("rb") as file:
        return MappingProxyType(
            {
                str(message.id): str(message.string)
                for message in read_po(file)
                if message.id and message.string
            }
        )


def day(at: datetime) -> str:
    """Return the day in Cambodia, as day/month/year of the common era."""
    return at.astimezone(PHNOM_PENH).strftime("%d/%m/%Y")


def instant(at: datetime) -> str:
    """Return the day and the time in Cambodia."""
    return at.astimezone(PHNOM_PENH).strftime("%d/%m/%Y %H:%M")


def own_path(path: str) -> str:
    """Return a path of ours to go back to, ``/`` for what leads elsewhere."""
    # "//other.example" and "/\other.example" are addresses of other sites to a browser.
    if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return "/"


def _text_of_a_page(text: str) -> str:
    # Jinja takes what ``_`` returns for HTML. What is said may repeat what somebody typed: a
    # refusal's detail does.
    said = say(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return said.replace('"', "&#34;")


def _say_plural(one: str, many: str, count: int) -> str:
    # Khmer has no plural form.
    return _text_of_a_page(one if count == 1 else many)
