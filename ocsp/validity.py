"""How long answers hold and how soon they are signed again, for each issuer: settings as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Self

from pydantic import Field, model_validator

from core.settings import Section

DEFAULT: Final = "default"
# The longest that a round of signing may take, a failed attempt or two included, before an
# answer is older than ``sign_again`` says.
SIGNING_MARGIN: Final = timedelta(minutes=5)


class Validity(Section):
    """The times of one issuer's answers.

    ``valid``: from thisUpdate to nextUpdate. ``sign_again``: the age at which an answer that was
    signed ahead is replaced; half of ``valid`` at most, so that a round that fails wholly is made
    up for by the next. ``this_update_within``: the age beyond which its clients refuse an answer
    whatever nextUpdate says. ``ranges``: into how many parts its certificates are divided, which
    are signed apart from each other and spread over ``sign_again``.
    """

    valid: timedelta = timedelta(hours=48)
    sign_again: timedelta = timedelta(hours=24)
    this_update_within: timedelta | None = None
    ranges: int = Field(default=16, ge=1, le=4096)

    @model_validator(mode="after")
    def _is_signed_again_in_time(self) -> Self:
        if self.sign_again < timedelta(minutes=1):
            raise ValueError("sign_again has to be a minute at least")
        if 2 * self.sign_again > self.valid:
            raise ValueError("sign_again may be half of valid at most: a round may fail")
        return self

    def check_max_age(self, max_age: timedelta) -> None:
        """Refuse a time in caches that does not go with these. Raises ValueError."""
        if max_age >= self.valid:
            raise ValueError("max_age has to be shorter than valid (RFC 9919, Section 7.2)")
        oldest = self.sign_again + SIGNING_MARGIN + max_age
        if self.this_update_within is not None and oldest > self.this_update_within:
            raise ValueError(
                "sign_again, 5 minutes for signing and max_age together exceed "
                "this_update_within: clients would refuse answers as too old"
            )


# By the issuer's role; CP 4.9.9.
DEFAULTS: Final[Mapping[str, Validity]] = {
    DEFAULT: Validity(),
    "people": Validity(ranges=64),
    "devices": Validity(ranges=64),
    # X-Road refuses answers whose thisUpdate lies more than 3,600 s back, and can do without
    # new ones for as long as nextUpdate says.
    "camdx": Validity(
        valid=timedelta(hours=8),
        sign_again=timedelta(minutes=30),
        this_update_within=timedelta(hours=1),
    ),
    # Few answers, about authorities: if their responder is lost, people have to come together.
    "root": Validity(valid=timedelta(days=4), sign_again=timedelta(days=1), ranges=1),
}


def complete(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the validity of every name, what is given put over the defaults.

    Names are roles or authorities; what is not said of an authority ``people-2`` is taken from
    ``people``, else from ``default``.
    """
    known: dict[str, Any] = {name: one.model_dump() for name, one in DEFAULTS.items()}
    # "default" first, then roles before their authorities.
    for name in sorted(given, key=lambda name: (name != DEFAULT, name)):
        over = given[name]
        if isinstance(over, Validity):
            over = over.model_dump(exclude_unset=True)
        if not isinstance(over, Mapping):
            # For the model to refuse, with the key's name.
            known[name] = over
            continue
        base = known.get(name) or known.get(name.rpartition("-")[0]) or known[DEFAULT]
        known[name] = {**base, **over}
    return known
