"""A small application that mounts the key component, and issues upon what its form sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, redirect, render_template_string, request, url_for

from ca.plan import CertificateRequest
from core.errors import CamtrustError
from core.web.access_control import public
from core.web.forms import takes_form
from enrollment.key_creation.offers import KeyOffers
from enrollment.key_creation.policy import load_key_policy
from enrollment.key_creation.reading import ChosenKey, read_key
from enrollment.wire_certificates import PEM_CHAIN_TYPE, in_type
from tests.ca.software_hierarchy import facts_for
from tests.enrollment.world import World

OWNER = "clerk-1"
FORM = """{% extends "page.html" %}
{% from "key_creation/fields.html" import key_fields with context %}
{% block title %}Key{% endblock %}
{% block main %}<h1 class="govuk-heading-l">{{ _(offer.title) }}</h1>
<form method="post" enctype="multipart/form-data" novalidate>
<input type="hidden" name="form_token" value="{{ form_token() }}">
{{ key_fields(offer, mistake=mistake) }}
<button class="govuk-button" id="send">{{ _("Search") }}</button></form>{% endblock %}"""
DONE = """{% extends "page.html" %}
{% from "key_creation/collection.html" import key_collection with context %}
{% block title %}Certificate{% endblock %}
{% block main %}<h1 class="govuk-heading-l">{{ _("The certificate") }}</h1>
{{ key_collection(chain, key_id, owner, file_name="sok-dara") }}{% endblock %}"""
COMMON = {"home": "/", "back_here": "/"}


@dataclass
class KeyPages:
    """What the pages were sent, and what they issued."""

    world: World
    escrow_key: bytes | None = None
    shared_computer: bool = False
    chosen: list[ChosenKey] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)

    def mount(self, app: Flask) -> None:
        app.add_url_rule("/test/keys/<profile>", "keys", public(self.form), methods=["GET"])
        app.add_url_rule(
            "/test/keys/<profile>", "send_keys", public(takes_form(self.send)), methods=["POST"]
        )
        app.add_url_rule("/test/certificates/<int:number>", "collect", public(self.collect))

    def offer(self, profile: str) -> Any:
        offers = KeyOffers(
            open_profiles=self.world.open_profiles,
            profiles=self.world.hierarchy.profiles,
            policy=load_key_policy(),
            escrow_key_for=lambda name: (
                self.escrow_key if name == "person-mail-encryption" else None
            ),
        )
        return offers.offer(profile, owner=OWNER, shared_computer=self.shared_computer)

    def form(self, profile: str, mistake: CamtrustError | None = None) -> str:
        return render_template_string(FORM, offer=self.offer(profile), mistake=mistake, **COMMON)

    def send(self, profile: str) -> Any:
        try:
            chosen = read_key(request.form, request.files, self.offer(profile))
        except CamtrustError as error:
            return self.form(profile, error), 422
        self.chosen.append(chosen)
        self.chains.append(self.issue(profile, chosen))
        return redirect(url_for("collect", number=len(self.chains) - 1), 303)

    def issue(self, profile: str, chosen: ChosenKey) -> str:
        issued = self.world.issuance.issue(
            CertificateRequest(
                profile=profile,
                csr=chosen.csr,
                holder="person:IDCKH-012345678",
                facts=facts_for(profile),
            )
        )
        delivered = self.world.delivery.delivered(issued.authority, issued.serial_number)
        return in_type(delivered, PEM_CHAIN_TYPE).decode("ascii")

    def collect(self, number: int) -> str:
        return render_template_string(
            DONE,
            chain=self.chains[number],
            key_id=self.chosen[number].csr.public_key_sha256.hex(),
            owner=OWNER,
            **COMMON,
        )
