"""Who may call the routes for programs, and by which scope: the expected values, as data.

``tests/enrollment/test_authorization_table.py`` holds the rows of all other routes.
"""

from __future__ import annotations

from core.access import Role

V1 = "/enrollment/v1"
OFFICER = frozenset({Role.RA_OFFICER})
SERVICE = frozenset({Role.SERVICE})
OVERSEERS = frozenset({Role.CA_ADMINISTRATOR, Role.RA_OFFICER, Role.AUDITOR})
OWNERS = frozenset({Role.SERVICE, Role.SUBSCRIBER})
ALL = frozenset({"nobody", *Role})

CLIENT = f"{V1}/clients/<client_id>"
BATCH = f"{V1}/batches/<batch_id>"
HOOK = f"{V1}/webhooks/<webhook_id>"
CLIENT_PAGE = "/office/clients/<client_id>"
SIGNING = "/signing/v1"
ORDER = f"{SIGNING}/batches/<order_id>"
REGISTERED = f"{SIGNING}/registered-documents"
TEMPLATES = f"{SIGNING}/stamp-templates"
ROUND = f"{SIGNING}/approvals/<approval_id>"
PASS = "/passes/v1/passes/<pass_id>"
PASS_BATCHES = "/passes/v1/batches"
PASS_BATCH = f"{PASS_BATCHES}/<batch_id>"
BATCH_PAGE = "/office/batches/<batch_id>"

PROGRAM_ROWS: dict[tuple[str, str], frozenset[str]] = {
    ("POST", f"{V1}/clients"): OFFICER,
    ("GET", f"{V1}/clients"): OVERSEERS,
    ("GET", CLIENT): OVERSEERS,
    ("POST", f"{CLIENT}/approval"): OFFICER,
    ("POST", f"{CLIENT}/refusal"): OFFICER,
    ("POST", f"{CLIENT}/keys"): OFFICER,
    ("POST", f"{CLIENT}/keys/<thumbprint>/end"): OFFICER,
    ("POST", f"{CLIENT}/certificates"): OFFICER,
    ("POST", f"{CLIENT}/suspension"): OFFICER,
    ("POST", f"{CLIENT}/reinstatement"): OFFICER,
    ("POST", f"{CLIENT}/closure"): OFFICER,
    ("POST", f"{V1}/batches"): SERVICE,
    ("GET", f"{V1}/batches"): OVERSEERS | OWNERS,
    ("GET", BATCH): OVERSEERS | OWNERS,
    ("GET", f"{BATCH}/rows"): OVERSEERS | OWNERS,
    ("POST", f"{BATCH}/approval"): OFFICER,
    ("POST", f"{BATCH}/refusal"): OFFICER,
    ("POST", f"{BATCH}/cancellation"): OFFICER | SERVICE,
    ("POST", f"{V1}/webhooks"): SERVICE,
    ("GET", f"{V1}/webhooks"): OVERSEERS | SERVICE,
    ("GET", HOOK): OVERSEERS | SERVICE,
    ("POST", f"{HOOK}/secret"): SERVICE,
    ("POST", f"{HOOK}/rotation"): SERVICE,
    ("POST", f"{HOOK}/end"): SERVICE,
    ("GET", f"{HOOK}/deliveries"): OVERSEERS | SERVICE,
    ("POST", f"{HOOK}/deliveries/<delivery_id>/resending"): SERVICE,
    ("GET", "/passes/v1/types"): SERVICE,
    ("POST", "/passes/v1/passes"): SERVICE,
    ("GET", PASS): SERVICE,
    ("POST", f"{PASS}/revocation"): SERVICE,
    ("GET", f"{PASS}/<kind>.<extension>"): SERVICE,
    ("POST", PASS_BATCHES): SERVICE,
    ("GET", PASS_BATCH): SERVICE,
    ("PUT", f"{PASS_BATCH}/records"): SERVICE,
    ("GET", f"{PASS_BATCH}/passes"): SERVICE,
    ("GET", f"{PASS_BATCH}/rejects"): SERVICE,
    ("POST", f"{PASS_BATCH}/cancellation"): SERVICE,
    ("POST", f"{SIGNING}/documents"): SERVICE,
    ("POST", f"{SIGNING}/batches"): SERVICE,
    ("GET", f"{SIGNING}/batches"): SERVICE,
    ("GET", ORDER): SERVICE,
    ("GET", f"{ORDER}/documents"): SERVICE,
    ("PUT", f"{ORDER}/documents/<int:number>"): SERVICE,
    ("GET", f"{ORDER}/documents/<int:number>"): SERVICE,
    ("PUT", f"{ORDER}/documents/<int:number>/stamp"): SERVICE,
    ("POST", f"{ORDER}/closing"): SERVICE,
    ("POST", f"{ORDER}/cancellation"): SERVICE,
    ("POST", TEMPLATES): SERVICE,
    ("GET", TEMPLATES): SERVICE,
    ("GET", f"{TEMPLATES}/<template_name>"): SERVICE,
    ("PUT", f"{TEMPLATES}/<template_name>"): SERVICE,
    ("POST", f"{TEMPLATES}/<template_name>/end"): SERVICE,
    ("GET", REGISTERED): SERVICE,
    ("GET", f"{REGISTERED}/<registered_id>"): SERVICE,
    ("PATCH", f"{REGISTERED}/<registered_id>"): SERVICE,
    ("POST", f"{REGISTERED}/<registered_id>/withdrawal"): SERVICE,
    ("GET", "/office/clients"): OVERSEERS,
    ("GET", "/office/clients/new"): OFFICER,
    ("POST", "/office/clients/new"): OFFICER,
    ("GET", CLIENT_PAGE): OVERSEERS,
    ("POST", f"{CLIENT_PAGE}/decision"): OFFICER,
    ("POST", f"{CLIENT_PAGE}/keys"): OFFICER,
    ("POST", f"{CLIENT_PAGE}/keys/<thumbprint>/end"): OFFICER,
    ("POST", f"{CLIENT_PAGE}/standing"): OFFICER,
    ("GET", "/office/batches"): OVERSEERS,
    ("GET", BATCH_PAGE): OVERSEERS,
    ("POST", f"{BATCH_PAGE}/approval"): OFFICER,
    ("POST", f"{BATCH_PAGE}/refusal"): OFFICER,
}
# These check their callers themselves; tests/enrollment/clients says whom they refuse.
PROGRAM_SELF_CHECKING = [
    ("GET", "/.well-known/oauth-authorization-server"),
    ("POST", f"{V1}/token"),
]

# Keys and signatures: signing/credentials, signing/csc.
KEY = "/signing/v1/credentials/<credential_id>"
ADDRESSES = "/signing/v1/programs/<client_id>/return-addresses"
SIGNING_ROWS: dict[tuple[str, str], frozenset[str]] = {
    ("POST", "/signing/v1/credentials"): SERVICE,
    ("GET", "/signing/v1/credentials"): SERVICE,
    ("GET", KEY): SERVICE | OFFICER,
    ("POST", f"{KEY}/request"): SERVICE,
    ("POST", f"{KEY}/pin"): SERVICE,
    ("POST", f"{KEY}/suspension"): SERVICE | OFFICER,
    ("POST", f"{KEY}/resumption"): OFFICER,
    ("POST", f"{KEY}/unlocking"): OFFICER,
    ("POST", f"{KEY}/destruction"): SERVICE | OFFICER,
    ("GET", ADDRESSES): OVERSEERS,
    ("POST", ADDRESSES): OFFICER,
    ("POST", f"{ADDRESSES}/removal"): OFFICER,
    ("POST", f"{SIGNING}/approvals"): OWNERS,
    ("GET", f"{SIGNING}/approvals"): OWNERS,
    ("GET", ROUND): OWNERS,
    ("GET", f"{ROUND}/document"): OWNERS,
    ("POST", f"{ROUND}/cancellation"): OWNERS,
    ("POST", f"{ROUND}/replacement"): OWNERS,
    ("GET", f"{SIGNING}/deputies"): frozenset({Role.SUBSCRIBER}),
    ("POST", f"{SIGNING}/deputies"): frozenset({Role.SUBSCRIBER}),
    ("POST", f"{SIGNING}/deputies/<deputy_id>/revocation"): frozenset({Role.SUBSCRIBER}),
}
# tests/signing/csc says whom they refuse.
SIGNING_SELF_CHECKING = [
    ("GET", "/csc/v2/info"),
    ("POST", "/csc/v2/info"),
    ("POST", "/csc/v2/oauth2/token"),
    ("POST", "/csc/v2/credentials/list"),
    ("POST", "/csc/v2/credentials/info"),
    ("POST", "/csc/v2/credentials/authorize"),
    ("POST", "/csc/v2/credentials/getChallenge"),
    ("POST", "/csc/v2/credentials/extendTransaction"),
    ("POST", "/csc/v2/signatures/signHash"),
    ("POST", "/csc/v2/signatures/signDoc"),
    ("POST", "/csc/v2/signatures/timestamp"),
]
SIGNER = frozenset({Role.SUBSCRIBER})
PART = "/approvals/<approval_id>/<int:number>"
SIGNERS_PAGES: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/csc/v2/oauth2/authorize"): ALL,
    ("GET", "/csc/v2/oauth2/authorize/<request_id>"): SIGNER,
    ("POST", "/csc/v2/oauth2/authorize/<request_id>"): SIGNER,
    ("POST", "/csc/v2/oauth2/authorize/<request_id>/question"): SIGNER,
    ("POST", "/csc/v2/oauth2/authorize/<request_id>/refusal"): SIGNER,
    ("GET", "/approvals"): SIGNER,
    ("GET", "/approvals/new"): OWNERS,
    ("POST", "/approvals/new"): OWNERS,
    ("GET", "/approvals/deputies"): SIGNER,
    ("POST", "/approvals/deputies"): SIGNER,
    ("POST", "/approvals/deputies/<deputy_id>/revocation"): SIGNER,
    ("GET", "/approvals/<approval_id>"): SIGNER,
    ("GET", "/approvals/<approval_id>/document.pdf"): SIGNER,
    ("POST", "/approvals/<approval_id>/cancellation"): SIGNER,
    ("POST", f"{PART}/question/<int:revision>"): SIGNER,
    ("POST", f"{PART}/signature"): SIGNER,
    ("POST", f"{PART}/refusal"): SIGNER,
    ("POST", f"{PART}/acknowledgement"): SIGNER,
    ("POST", f"{PART}/replacement"): SIGNER,
}

# Which scopes open a route to a program. What stands under no scope is open to none.
SUBMIT, MANY = "application:submit", "application:submit-many"
READ, REVOKE, HOOKS = "application:read-own", "certificate:revoke-own", "webhook:manage"
SCOPES: dict[str, frozenset[tuple[str, str]]] = {
    "document:seal": frozenset(
        {
            ("POST", f"{SIGNING}/documents"),
            ("POST", f"{SIGNING}/batches"),
            ("GET", f"{SIGNING}/batches"),
            ("GET", ORDER),
            ("GET", f"{ORDER}/documents"),
            ("PUT", f"{ORDER}/documents/<int:number>"),
            ("GET", f"{ORDER}/documents/<int:number>"),
            ("PUT", f"{ORDER}/documents/<int:number>/stamp"),
            ("POST", f"{ORDER}/closing"),
            ("POST", f"{ORDER}/cancellation"),
            ("POST", TEMPLATES),
            ("GET", TEMPLATES),
            ("GET", f"{TEMPLATES}/<template_name>"),
            ("PUT", f"{TEMPLATES}/<template_name>"),
            ("POST", f"{TEMPLATES}/<template_name>/end"),
        }
    ),
    "pass:issue": frozenset(
        {
            ("GET", "/passes/v1/types"),
            ("POST", "/passes/v1/passes"),
            ("GET", PASS),
            ("POST", f"{PASS}/revocation"),
            ("GET", f"{PASS}/<kind>.<extension>"),
            ("POST", PASS_BATCHES),
            ("GET", PASS_BATCH),
            ("PUT", f"{PASS_BATCH}/records"),
            ("GET", f"{PASS_BATCH}/passes"),
            ("GET", f"{PASS_BATCH}/rejects"),
            ("POST", f"{PASS_BATCH}/cancellation"),
        }
    ),
    "document:keep-registered": frozenset(
        {
            ("GET", REGISTERED),
            ("GET", f"{REGISTERED}/<registered_id>"),
            ("PATCH", f"{REGISTERED}/<registered_id>"),
            ("POST", f"{REGISTERED}/<registered_id>/withdrawal"),
        }
    ),
    "approval:circulate": frozenset(
        {
            ("GET", "/approvals/new"),
            ("POST", "/approvals/new"),
            ("POST", f"{SIGNING}/approvals"),
            ("GET", f"{SIGNING}/approvals"),
            ("GET", ROUND),
            ("GET", f"{ROUND}/document"),
            ("POST", f"{ROUND}/cancellation"),
            ("POST", f"{ROUND}/replacement"),
        }
    ),
    SUBMIT: frozenset(
        {
            ("GET", f"{V1}/profiles"),
            ("GET", "/office/seals"),
            ("POST", "/office/seals"),
            ("POST", f"{V1}/applications"),
            ("POST", f"{V1}/applications/<application_id>/answer"),
        }
    ),
    MANY: frozenset({("POST", f"{V1}/batches"), ("POST", f"{BATCH}/cancellation")}),
    READ: frozenset(
        {
            ("GET", f"{V1}/me"),
            ("GET", f"{V1}/profiles"),
            ("GET", f"{V1}/applications"),
            ("GET", f"{V1}/applications/<application_id>"),
            ("GET", f"{V1}/applications/<application_id>/certificate"),
            ("GET", f"{V1}/batches"),
            ("GET", BATCH),
            ("GET", f"{BATCH}/rows"),
        }
    ),
    "bundle:apply-for-people": frozenset(
        {
            ("POST", f"{V1}/bundles"),
            ("POST", f"{V1}/applications/<application_id>/renewal"),
            ("GET", f"{V1}/bundles/<bundle_id>"),
            ("GET", f"{V1}/bundles/<bundle_id>/applications/<application_id>/certificate"),
        }
    ),
    "objection:raise-for-people": frozenset(
        {
            ("POST", f"{V1}/objections"),
            ("GET", f"{V1}/objections"),
            ("GET", f"{V1}/objections/<objection_id>"),
        }
    ),
    "certificate:suspend": frozenset({("POST", f"{V1}/applications/<application_id>/suspension")}),
    "signature:request": frozenset(
        {
            ("POST", "/signing/v1/credentials"),
            ("GET", "/signing/v1/credentials"),
            ("GET", KEY),
            ("POST", f"{KEY}/request"),
            ("POST", f"{KEY}/pin"),
            ("POST", f"{KEY}/suspension"),
            ("POST", f"{KEY}/destruction"),
        }
    ),
    "invitation:make": frozenset(
        {
            ("POST", f"{V1}/invitations"),
            ("POST", f"{V1}/invitations/runs"),
            ("POST", f"{V1}/invitations/<invitation_id>/withdrawal"),
            ("POST", "/office/invitations/<employment_id>/mail"),
            ("POST", "/office/invitations/<employment_id>/withdrawal"),
            ("POST", "/office/invitations/everybody"),
        }
    ),
    "invitation:read": frozenset(
        {
            ("GET", f"{V1}/invitations"),
            ("GET", f"{V1}/invitations/<invitation_id>"),
            ("GET", f"{V1}/invitations/runs/<run_id>"),
            ("GET", "/office/invitations"),
            ("GET", "/office/invitations/<employment_id>"),
            ("POST", "/office/invitations/search"),
        }
    ),
    REVOKE: frozenset({("POST", f"{V1}/applications/<application_id>/revocation")}),
    HOOKS: frozenset(
        {
            ("POST", f"{V1}/webhooks"),
            ("GET", f"{V1}/webhooks"),
            ("GET", HOOK),
            ("POST", f"{HOOK}/secret"),
            ("POST", f"{HOOK}/rotation"),
            ("POST", f"{HOOK}/end"),
            ("GET", f"{HOOK}/deliveries"),
            ("POST", f"{HOOK}/deliveries/<delivery_id>/resending"),
        }
    ),
}

# Whose the objects are that a route names. To another institution's officers and programs those of
# an institution look as if they did not exist.
OF_INSTITUTIONS = frozenset(
    {
        "application_id",
        "batch_id",
        "bundle_id",
        "client_id",
        "delivery_id",
        "grant_id",
        "thumbprint",
        "webhook_id",
    }
)
# Names of public things, of the nation's, and of one's own acts, which their own tests hold.
OF_NO_INSTITUTION = frozenset(
    {
        "act_id",
        "any(km, en):spoken",
        "authority",
        "document_id",
        "extension",
        "file",
        "int:index",
        "int:job_id",
        "int:list_number",
        "int:number",
        "kid",
        "kind",
        "name",
        "path:filename",
        "path:name",
        "slug",
        "visit_id",
    }
)
# Objects of an institution too, which the tests of their own rooms hold against another one.
HELD_BY_THEIR_ROOMS = frozenset(
    {
        "any(pin, unlocking, destruction):act",
        "any(pem, cer, 'tlog-proof'):kind",
        "approval_id",
        "credential_id",
        "deputy_id",
        "employment_id",
        "institution_id",
        "invitation_id",
        "key_id",
        "list_id",
        "objection_id",
        "order_id",
        "pass_id",
        "passkey_id",
        "profile",
        "recovery_id",
        "registered_id",
        "int:revision",
        "request_id",
        "run_id",
        "template_name",
        "token",
    }
)
