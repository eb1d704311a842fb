"""A file mailbox: the way out that needs nothing, for development and for machines without mail."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.mail.errors import MailServerAway
from core.mail.senders import Delivery, OutgoingMail, message_of
from core.mail.settings import MailSettings


class FileMailbox:
    """Delivers into a Maildir, which any mail program opens. ``folder`` is absolute."""

    def __init__(self, *, folder: Path, settings: MailSettings) -> None:
        self._folder = folder
        self._settings = settings

    @contextmanager
    def open(self) -> Iterator[Delivery]:
        """Open the mailbox, and make it when it is not there. Raises MailServerAway."""
        try:
            # The mails hold links that let somebody in: the folder is ours alone.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            box = mailbox.Maildir(self._folder, create=True)
            for name in ("new", "cur", "tmp"):
                (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _away() from error

        def deliver(mail: OutgoingMail) -> None:
            try:
                # Written and synchronized under tmp/, then moved: a reader never sees half a mail.
                box.add(message_of(mail, self._settings))
            except OSError as error:
                raise _away() from error

        try:
            yield deliver
        finally:
            box.close()


def _away() -> MailServerAway:
    return MailServerAway("The file mailbox cannot be written.", kept="The mails wait.")
