"""Certificate profiles as data: one TOML file for each kind of certificate.

Begin with ``definitions/person-signing.toml``, then :mod:`ca.profiles.definition` (what a file
may say) and :mod:`ca.profiles.loading`. docs/reference/profiles.md explains every key.
"""

from ca.profiles.loading import ProfileRefused, Profiles, load_profiles
from ca.profiles.profile import IssuerRoleRefused, Profile, ProfileUnknown, profile_named

__all__ = [
    "IssuerRoleRefused",
    "Profile",
    "ProfileRefused",
    "ProfileUnknown",
    "Profiles",
    "load_profiles",
    "profile_named",
]
