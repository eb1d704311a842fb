"""A browser without scripts, for the public pages: it keeps cookies and presses buttons."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIFlask

from core.web.session_cookie import COOKIE
from tests.enrollment.world import World


class Browser:
    """Somebody at the public host."""

    def __init__(self, app: APIFlask, language: str = "en", **environ: Any) -> None:
        self.app = app
        self._client = app.test_client()
        self._headers = {"Accept-Language": language}
        self._environ = environ

    def get(self, path: str, **headers: str) -> Any:
        return self._client.get(
            path, headers=self._headers | headers, environ_overrides=self._environ
        )

    def send(self, path: str, **fields: str) -> Any:
        """Send a form with the token of the cookie, which a page gave before."""
        token = self.cookie("__Host-form")
        if token is None:
            self.get("/sign-in")
            token = self.cookie("__Host-form")
        return self._client.post(
            path,
            data={"form_token": token} | fields,
            headers=self._headers,
            environ_overrides=self._environ,
        )

    def press(self, page: str, action: str, **fields: str) -> Any:
        """Send the form of ``page`` that a button with ``action`` belongs to."""
        html = self.get(page).text
        [form] = [
            one for one in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'"{action}"' in one
        ]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        return self.send(action, **hidden | fields)

    def cookie(self, name: str) -> str | None:
        found = self._client.get_cookie(name)
        return None if found is None else found.value

    def forget(self, name: str) -> None:
        self._client.delete_cookie(name)

    def principal(self, world: World) -> str | None:
        """Return whose session the browser has."""
        session = world.sessions.find(self.cookie(COOKIE) or "")
        return None if session is None else session.principal.id
