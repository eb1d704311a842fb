"""Which profiles may be applied for, with what each takes and how many approvals it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ca.csr import VerifiedCsr
from ca.plan import FactValue
from ca.profiles import Profile
from enrollment.errors import ProfileNotOpen


@dataclass(frozen=True)
class OpenProfile:
    """A profile as an applicant sees it. ``facts``: each fact, and whether it has to be there.

    ``facts_from_request`` are those that a request may state itself, for officers to judge.
    """

    name: str
    title: str
    approvals: int
    facts: Mapping[str, bool]
    facts_from_request: frozenset[str]


class OpenProfiles:
    """The profiles that are open to applications: those of end entities, less the closed."""

    def __init__(self, *, profiles: Mapping[str, Profile], closed: Collection[str]) -> None:
        self._profiles = profiles
        self._open = {
            name: _describe(profile)
            for name, profile in sorted(profiles.items())
            if name not in closed and not profile.is_authority
        }

    def open(self, name: str) -> OpenProfile:
        """Return an open profile. Raises ProfileNotOpen."""
        found = self._open.get(name)
        if found is None:
            raise ProfileNotOpen("No certificate of this profile is issued upon an application.")
        return found

    def facts_in(self, name: str, csr: VerifiedCsr) -> dict[str, FactValue]:
        """Return the facts that a request itself states: officers judge them. Raises as open."""
        return self._profiles[self.open(name).name].facts_in(csr)

    def title_of(self, name: str) -> str:
        """Return the title of a profile, also of one that is closed by now."""
        return self._profiles[name].title if name in self._profiles else name

    def all(self) -> list[OpenProfile]:
        """Return every open profile, by name."""
        return [*self._open.values()]


def _describe(profile: Profile) -> OpenProfile:
    return OpenProfile(
        profile.name, profile.title, profile.approvals, profile.facts, profile.facts_from_request
    )
