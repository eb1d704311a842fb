"""What clients' words are called on the pages; each is translated in ``locale/km.po``."""

from __future__ import annotations

from collections.abc import Mapping

from core.access import Permission
from core.web.languages import translatable
from enrollment.clients.client import ApiClient, ClientState
from enrollment.officers import OfficerState
from enrollment.permissions import (
    APPLY_FOR_PEOPLE,
    CIRCULATE_DOCUMENTS,
    INVITE,
    ISSUE_PASSES,
    KEEP_REGISTERED_DOCUMENTS,
    MANAGE_WEBHOOKS,
    OBJECT_FOR_PEOPLE,
    READ_INVITATIONS,
    READ_OWN,
    REQUEST_SIGNATURES,
    REVOKE_OWN,
    SEAL_DOCUMENTS,
    SUBMIT,
    SUBMIT_MANY,
    SUSPEND,
)

SCOPES: Mapping[Permission, str] = {
    SUBMIT: translatable("Apply for certificates, one at a time"),
    SUBMIT_MANY: translatable("Apply for up to 10,000 certificates at once (two officers)"),
    READ_OWN: translatable("See what it applied for"),
    REVOKE_OWN: translatable("Revoke what it applied for"),
    APPLY_FOR_PEOPLE: translatable("Apply for people whom the institution lists"),
    SUSPEND: translatable("Suspend certificates of the institution's people"),
    OBJECT_FOR_PEOPLE: translatable("Say for people that something is wrong"),
    INVITE: translatable("Invite people whom the institution lists"),
    READ_INVITATIONS: translatable("See who was invited"),
    REQUEST_SIGNATURES: translatable("Have documents signed and sealed (remote signatures)"),
    SEAL_DOCUMENTS: translatable("Sign documents with the institution's seal"),
    KEEP_REGISTERED_DOCUMENTS: translatable(
        "See, publish and withdraw the institution's registered documents"
    ),
    CIRCULATE_DOCUMENTS: translatable("Send documents round among the institution's signers"),
    ISSUE_PASSES: translatable("Issue health passes and identity codes"),
    MANAGE_WEBHOOKS: translatable("Be told what happens to certificates and batches (webhooks)"),
}
METHODS: Mapping[str, str] = {
    "private_key_jwt": translatable("A signed assertion (private_key_jwt)"),
    "tls_client_auth": translatable("A client certificate of ours (mutual TLS)"),
}
WAITING = (translatable("Waits for another officer"), "blue")
REFUSED = (translatable("Registration refused"), "red")
STANDINGS: Mapping[OfficerState, tuple[str, str]] = {
    OfficerState.ACTIVE: (translatable("Active"), "green"),
    OfficerState.SUSPENDED: (translatable("Suspended for now"), "yellow"),
    OfficerState.REMOVED: (translatable("Closed"), "grey"),
}
DELIVERIES: Mapping[str, str] = {
    "waiting": translatable("Being sent"),
    "delivered": translatable("Delivered"),
    "given-up": translatable("Given up"),
}


def state_of(client: ApiClient) -> tuple[str, str]:
    """Return how a client stands, in words, and the colour of the tag."""
    if client.state is ClientState.PROPOSED:
        return WAITING
    if client.state is ClientState.REFUSED:
        return REFUSED
    return STANDINGS[client.standing]
