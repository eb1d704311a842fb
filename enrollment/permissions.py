"""What the registration authority asks of a role; camtrust/roles.toml says who holds it."""

from __future__ import annotations

from core.access import Permission

SUBMIT = Permission("application:submit")
READ = Permission("application:read")
READ_OWN = Permission("application:read-own")
DECIDE = Permission("application:decide")
EXPORT = Permission("certificate:export")
READ_OFFICERS = Permission("officer:read")
AUDIT = Permission("audit:read")
SERVE = Permission("counter:serve")
REVOKE = Permission("certificate:revoke")
REVOKE_OWN = Permission("certificate:revoke-own")
REVOKE_MANY = Permission("certificate:revoke-many")
PROPOSE_GRANT = Permission("grant:propose")
INVITE = Permission("invitation:make")
PRINT_SLIP = Permission("invitation:print-slip")
READ_INVITATIONS = Permission("invitation:read")
READ_GRANTS = Permission("grant:read")
WITHDRAW_GRANT = Permission("grant:withdraw")
SUBMIT_MANY = Permission("application:submit-many")
REGISTER_CLIENT = Permission("client:register")
READ_CLIENTS = Permission("client:read")
# Asked for by the room of documents (signing.documents.permissions); clients are granted it here.
SEAL_DOCUMENTS = Permission("document:seal")
KEEP_REGISTERED_DOCUMENTS = Permission("document:keep-registered")
# And by that of circulations (signing.approval.permissions).
CIRCULATE_DOCUMENTS = Permission("approval:circulate")
# And by that of passes (signing.passes.issuing.permissions).
ISSUE_PASSES = Permission("pass:issue")
MANAGE_WEBHOOKS = Permission("webhook:manage")
READ_WEBHOOKS = Permission("webhook:read")
READ_ESCROW = Permission("escrow:read")
RECOVER = Permission("escrow:recover")
OWN_ESCROW = Permission("escrow:own")
# A person's own: what they apply for, what they hold, and what they say is wrong.
APPLY = Permission("bundle:apply")
HOLD = Permission("certificate:hold-own")
OBJECT = Permission("objection:raise")
ANSWER_OBJECTION = Permission("objection:answer")
# What an institution's officers and systems do for its people.
APPLY_FOR_PEOPLE = Permission("bundle:apply-for-people")
OBJECT_FOR_PEOPLE = Permission("objection:raise-for-people")
SUSPEND = Permission("certificate:suspend")
RELEASE = Permission("certificate:release")
READ_INSTITUTIONS = Permission("institution:read")
MANAGE_INSTITUTIONS = Permission("institution:manage")
READ_LISTS = Permission("list:read")
UPLOAD_LIST = Permission("list:upload")
APPLY_LIST = Permission("list:apply")
STEP_UP = Permission("step-up:ask")
OWN_PASSKEYS = Permission("officer-passkey:own")
CONFIRM_PASSKEYS = Permission("officer-passkey:confirm")
SECURE_ACCOUNT = Permission("account:secure")
# Of the rooms that sign: what an institution's program may be granted (signing/csc/permissions.py).
REQUEST_SIGNATURES = Permission("signature:request")
