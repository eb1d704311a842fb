"""What routes, pages and commands need to work with lists, and what they do alike."""

from __future__ import annotations

from dataclasses import dataclass

from core.access import Principal
from core.errors import Malformed
from enrollment.institutions.errors import InstitutionUnknown
from enrollment.institutions.institutions import Institutions
from enrollment.jurisdiction import Jurisdiction
from enrollment.lists.applying import ListApplying
from enrollment.lists.reading import ListReading
from enrollment.lists.settings import ListSettings
from enrollment.lists.staff_list import StaffList
from enrollment.lists.staff_lists import StaffLists, Upload

# A list of some thousand people is applied while its officer waits; the scheduler does the rest.
BATCHES_AT_ONCE = 4


class InstitutionMissing(Malformed):
    """Whoever has to do with several institutions says whose list it is."""

    problem = "institution-missing"
    title = "Whose list is it?"


@dataclass(frozen=True)
class ListOffice:
    """Everything about lists, together."""

    institutions: Institutions
    lists: StaffLists
    reading: ListReading
    applying: ListApplying
    settings: ListSettings

    def take(
        self,
        who: Principal,
        institution: str | None,
        *,
        file_name: str,
        octets: bytes,
        list_id: str,
    ) -> StaffList:
        """Take an officer's list, and read it at once if it is small.

        Raises as StaffLists.upload; another institution than one's own is unknown.
        """
        chosen = institution or who.institution
        if chosen is None:
            raise InstitutionMissing("Name the institution whose list it is.")
        if not Jurisdiction.of(who).covers(chosen):
            # As if it did not exist: whether it does is not this officer's to know.
            raise InstitutionUnknown("There is no institution of this id that you may see.")
        found = self.lists.upload(
            Upload(chosen, file_name, octets, uploaded_by=who.id), list_id=list_id
        )
        if len(octets) > self.settings.read_at_once_octets:
            return found
        return self.reading.read(found.id)

    def apply(self, who: Principal, list_id: str, revision: int | None) -> StaffList:
        """Approve a list, and apply as much as can be waited for. Raises as ListApplying.begin."""
        self.applying.begin(list_id, Jurisdiction.of(who), officer=who.id, revision=revision)
        return self.applying.run(list_id, most_batches=BATCHES_AT_ONCE)
