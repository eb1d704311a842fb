"""The texts of mails as data: one TOML file for each kind, with its Khmer and its English.

::

    kind = "invitation"
    [km]
    subject = "..."
    text = "... {link} ..."
    [en]
    subject = "..."
    text = "... {link} ..."

Words in braces are filled in. A value is one line: whatever it holds, it begins no paragraph.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Self

from pydantic import ValidationError, model_validator

from core.mail.mail import Letter, Mail
from core.settings import Section, SettingsRefused

_PLACE = re.compile(r"\{([a-z_]+)\}")


class _LetterTemplate(Section):
    subject: str
    text: str

    def places(self) -> set[str]:
        return set(_PLACE.findall(self.subject + self.text))

    def fill(self, values: dict[str, str]) -> Letter:
        return Letter(_fill(self.subject, values), _fill(self.text, values))


class MailTemplate(Section):
    """The text of one kind of mail."""

    kind: str
    confidential: bool = False
    km: _LetterTemplate
    en: _LetterTemplate

    @model_validator(mode="after")
    def _says_the_same_twice(self) -> Self:
        if self.km.places() != self.en.places():
            raise ValueError("both languages have to fill in the same words")
        return self

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a template. Raises SettingsRefused, naming file and reason."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsRefused(f"{path}: cannot be read as TOML: {error}") from error
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise SettingsRefused(f"{path}: {first['loc']}: {first['msg']}") from error

    @property
    def places(self) -> frozenset[str]:
        """The words that are filled in."""
        return frozenset(self.km.places())

    def mail(
        self,
        *,
        to: str,
        deduplication_key: str,
        khmer: dict[str, str] | None = None,
        english: dict[str, str] | None = None,
        **values: str,
    ) -> Mail:
        """Return the mail; ``khmer`` and ``english`` are values that differ by language.

        Raises KeyError for a word without a value: a mistake of ours.
        """
        return Mail(
            to=to,
            kind=self.kind,
            deduplication_key=deduplication_key,
            khmer=self.km.fill(values | (khmer or {})),
            english=self.en.fill(values | (english or {})),
            confidential=self.confidential,
        )


def _fill(text: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda place: " ".join(values[place[1]].split()), text)
