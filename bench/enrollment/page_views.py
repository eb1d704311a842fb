"""Officers' pages as a subject: made again and again, in the process that would serve them.

The configuration is ``{"home", "certificate"}``, the question ``{"views": n}``: each page is viewed
n times, in turn, and the answer has the milliseconds of each view. A page that is not answered 200
ends the subject.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from sqlalchemy import select

from bench.enrollment.acme_servers import NO_LIMIT
from bench.issuance.requests import PROFILE
from bench.subject import Answer, answer_questions
from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.event_log import set_up_event_log
from enrollment.models import applications
from enrollment.office.routes import PREFIX

VIEWED = (
    f"{PREFIX}/",
    f"{PREFIX}/applications",
    f"{PREFIX}/applications?state=issued&profile={PROFILE}",
    f"{PREFIX}/applications?state=refused",
    f"{PREFIX}/issued",
    f"{PREFIX}/issued?profile={PROFILE}&standing=revoked",
)


class PageNotMade(click.ClickException):
    """A page was refused or failed."""


class Officer:
    """Views pages as one officer."""

    def __init__(self, configuration: Answer) -> None:
        # One officer views more in a minute than officers may.
        os.environ.update(NO_LIMIT)
        # Standard output has the answers.
        set_up_event_log(stream=sys.stderr)
        services = Services(home=Path(configuration["home"]))
        self._client = create_app(app_parts(services), Listener.OFFICERS).test_client()
        self._headers = {"X-SSL-Client-Cert": quote(configuration["certificate"], safe="")}
        with services.database.read() as connection:
            query = select(applications.c.id, applications.c.holder)
            one = connection.execute(query.where(applications.c.state == "submitted")).first()
        assert one is not None  # noqa: S101 - the home was filled with some that wait
        self._views = [self._getting(path) for path in VIEWED]
        self._views += [
            self._getting(f"{PREFIX}/applications/{one.id}"),
            self._searching(one.holder),
        ]

    def answer(self, question: Answer) -> Answer:
        """View each page so many times."""
        taken = []
        for _ in range(question["views"]):
            for view in self._views:
                begin = time.perf_counter()
                answer = view()
                taken.append((time.perf_counter() - begin) * 1000)
                if answer.status_code != 200:
                    raise PageNotMade(f"{answer.request.path}: {answer.status_code}")
        return {"milliseconds": taken}

    def _getting(self, path: str) -> Callable[[], Any]:
        return lambda: self._client.get(path, headers=self._headers)

    def _searching(self, holder: str) -> Callable[[], Any]:
        page = self._client.get(f"{PREFIX}/search", headers=self._headers).get_data(as_text=True)
        token = page.split('name="form_token" value="')[1].split('"')[0]
        # The client of the tests keeps no cookie that wants TLS for the requests after.
        headers = {**self._headers, "Cookie": f"__Host-form={token}"}
        form = {"form_token": token, "wanted": holder}
        return lambda: self._client.post(f"{PREFIX}/search", headers=headers, data=form)


if __name__ == "__main__":
    answer_questions(lambda configuration: Officer(configuration).answer)
