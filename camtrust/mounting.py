"""Mounts what the registration authority serves: its API, and its pages room by room."""

from __future__ import annotations

from flask import Flask

from camtrust.sign_in import SignInParts
from enrollment.audit.routes import audit
from enrollment.counter.routes import mount_counter
from enrollment.escrow.pages.routes import mount_escrow_pages
from enrollment.escrow.routes import mount_escrow
from enrollment.grants.routes import mount_grants
from enrollment.institutions.routes import mount_institutions
from enrollment.invitations.routes import mount_invitations
from enrollment.key_creation.routes import mount_key_creation
from enrollment.lists.pages.routes import mount_list_pages
from enrollment.lists.routes import mount_staff_lists
from enrollment.mass_revocation.routes import mount_mass_revocation
from enrollment.office.grants.routes import office_grants
from enrollment.office.issued.routes import issued
from enrollment.office.routes import mount_office
from enrollment.office.seals.routes import seals
from enrollment.office.staff.routes import staff
from enrollment.passkeys.routes import mount_passkeys
from enrollment.registration_authority import RegistrationAuthority
from enrollment.routes import mount_enrollment
from enrollment.sign_in.routes import mount_sign_in
from enrollment.sign_in.security.routes import mount_security
from enrollment.step_up.routes import mount_step_up

# Pages that find what they work with where ``mount_office`` put it.
OFFICE_PAGES = (office_grants, issued, staff, audit, seals)


def mount_registration(app: Flask, registration: RegistrationAuthority) -> None:
    """Serve the API and the pages from ``app``."""
    mount_enrollment(app, registration)
    mount_mass_revocation(app, lambda: registration.mass_revocation)
    mount_grants(app, lambda: registration.grants)
    mount_invitations(app, lambda: registration.invitations, lambda: registration.policy)
    mount_office(app, registration)
    mount_institutions(app, lambda: registration.staff_lists.institutions)
    mount_staff_lists(app, lambda: registration.staff_lists)
    mount_list_pages(app)
    mount_key_creation(app)
    mount_escrow(app, lambda: registration.escrow)
    mount_escrow_pages(app)
    for pages in OFFICE_PAGES:
        app.register_blueprint(pages)
    mount_counter(app, registration)


def mount_confirming(app: Flask, parts: SignInParts) -> None:
    """Let officers confirm what they decide, and serve their passkeys' pages."""
    mount_step_up(app, parts.step_up)
    mount_passkeys(app, parts.passkey_office)


def mount_sign_in_pages(app: Flask, parts: SignInParts) -> None:
    """Serve the pages by which subscribers sign in, and see to their security."""
    mount_sign_in(app, parts.desk)
    mount_security(app)
