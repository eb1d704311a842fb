"""What a person's pages work with."""

from __future__ import annotations

from dataclasses import dataclass

from core.access import AccessPolicy
from enrollment.delivery import Delivery
from enrollment.escrow.escrow import Escrow
from enrollment.holding.holdings import Holdings
from enrollment.holding.renewals import Renewals
from enrollment.institutions.errors import InstitutionUnknown
from enrollment.institutions.institution import InstitutionDetails
from enrollment.institutions.institutions import Institutions
from enrollment.key_creation.offers import KeyOffers
from enrollment.objections.objecting import Objecting
from enrollment.objections.objections import Objections
from enrollment.profiles import OpenProfiles
from enrollment.sessions.sessions import Sessions
from enrollment.subscriber.bundles import Bundles
from enrollment.subscriber.collecting import Collecting
from enrollment.subscriber.dossier import Dossiers
from enrollment.subscriber.drafts import Drafts
from enrollment.subscriber.for_people import BundlesForPeople
from enrollment.subscriber.policy import SubscriberPolicy


@dataclass(frozen=True)
class PersonalPages:
    """The classes beneath the pages; the API uses the same."""

    access: AccessPolicy
    bundles: Bundles
    bundles_for_people: BundlesForPeople
    collecting: Collecting
    delivery: Delivery
    dossiers: Dossiers
    drafts: Drafts
    escrow: Escrow
    holdings: Holdings
    institutions: Institutions
    key_offers: KeyOffers
    objecting: Objecting
    objections: Objections
    profiles: OpenProfiles
    renewals: Renewals
    rules: SubscriberPolicy
    sessions: Sessions

    def institution(self, institution_id: str) -> InstitutionDetails | None:
        """Return what an institution is called, None for one that is gone."""
        try:
            return self.institutions.find(institution_id).details
        except InstitutionUnknown:
            return None
