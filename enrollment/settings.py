"""``[enrollment]``: what may be applied for."""

from __future__ import annotations

from core.settings import Section


class EnrollmentSettings(Section):
    """``closed_profiles`` are never issued upon an application.

    Profiles of authorities are closed anyway. The responders' certificates are made by the
    responder itself, which holds their keys. ``console_issuance`` lets `camtrust cert issue`
    work in production too: for the day on which the first officers get their certificates.
    """

    closed_profiles: tuple[str, ...] = ("ocsp-responder",)
    console_issuance: bool = False
