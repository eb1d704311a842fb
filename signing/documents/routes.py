"""``/signing/v1/documents``: programs have a document sealed at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO, cast

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.form_parts import file_in, message_in
from core.web.forms import UPLOAD
from core.web.idempotent import act_id, idempotent_act, is_repeatable
from core.web.limits import limited
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from signing.documents import errors
from signing.documents.batches.files import sha256_of_stream
from signing.documents.batches.routes import mount_batches
from signing.documents.dates.lunar import DateOutsideCalendar
from signing.documents.descriptions import FILE, PDF, SIGNED, link_to
from signing.documents.desk import DocumentDesk
from signing.documents.kept_answers import Wanted
from signing.documents.messages import DocumentWishes
from signing.documents.permissions import SEAL
from signing.documents.settings import GIBIBYTE
from signing.documents.stamped import StampNeedsInstitution
from signing.documents.stamps import errors as stamps
from signing.documents.stamps.order import MAX_OCTETS as STAMP_OCTETS
from signing.documents.stamps.stored.errors import StampTemplateUnknown
from signing.documents.stamps.stored.routes import mount_stamp_templates
from signing.documents.storage import storage
from signing.documents.verification.errors import SummaryTooLong

documents_api = APIBlueprint("documents", __name__, url_prefix="/signing/v1")
# Each is a signature by the token, a time-stamp and answers about standings while a thread waits.
AT_ONCE_RATE = "120 per minute"
_KEY = "camtrust_documents"
_CHUNK = 1 << 18
# A form's other fields and the borders between them, beside the file.
_BESIDES = 64 << 10
SEALING_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        UPLOAD: {
            "schema": {
                "type": "object",
                "required": ["document", "wishes"],
                "properties": {
                    "document": FILE | {"description": "A PDF."},
                    "wishes": {
                        "type": "string",
                        "contentMediaType": JSON,
                        "description": "DocumentWishes as JSON.",
                    },
                    "password": {"type": "string", "description": "Opens an encrypted PDF."},
                },
            },
            "example": {
                "document": "The octets of letter.pdf.",
                "wishes": '{"seal": "seal", "level": "B-LTA", "reason": "Approved"}',
            },
        }
    },
}
# What is wrong with a document, or with who shall sign it.
REFUSALS = (
    errors.DocumentTooLarge,
    errors.PdfBroken,
    errors.PdfPasswordMissing,
    errors.PdfPasswordWrong,
    errors.PdfEncryptionUnknown,
    errors.PdfHybrid,
    errors.PdfExpandsTooFar,
    errors.PdfTooSlow,
    errors.PageMissing,
    errors.FieldSigned,
    errors.FieldUnusable,
    errors.DocumentLocked,
    errors.CertificationNotFirst,
    errors.SignerUnknown,
    errors.SignerExpired,
    errors.SignerRevoked,
    errors.SignerSuspended,
    errors.TimestampUnavailable,
    errors.StatusUnavailable,
    InvalidFields,
)
STAMP_REFUSALS = (
    StampNeedsInstitution,
    StampTemplateUnknown,
    SummaryTooLong,
    DateOutsideCalendar,
    stamps.TextCannotBeDrawn,
    stamps.StampDoesNotFit,
    stamps.StampOutsidePage,
    stamps.SealRefused,
    stamps.FontMissing,
)


def mount_documents(app: Flask, desk: Callable[[], DocumentDesk]) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = desk
    app.register_blueprint(documents_api)
    mount_batches(app, desk)
    mount_stamp_templates(app, lambda: desk().templates)


def _form_sha256() -> bytes:
    # A stamp's picture comes in base64 among the wishes.
    request.max_form_memory_size = STAMP_OCTETS + _BESIDES
    with storage():
        # Without the password: who has the document and this digest could try passwords.
        digest = hashlib.sha256(request.form.get("wishes", "").encode())
        if (file := request.files.get("document")) is not None:
            digest.update(sha256_of_stream(cast(BinaryIO, file.stream)))
            file.stream.seek(0)
    return digest.digest()


@documents_api.post("/documents")
@requires(SEAL)
@limited(AT_ONCE_RATE)
@reads(UPLOAD, max_octets=GIBIBYTE + STAMP_OCTETS + _BESIDES)
@may_refuse(errors.SealedDocumentErased, errors.StorageUnavailable, *REFUSALS, *STAMP_REFUSALS)
@documents_api.doc(extensions={"requestBody": SEALING_BODY}, responses=SIGNED)
@idempotent_act(_form_sha256)
def seal_document() -> Response:
    """Seal a PDF at once, and get it signed.

    At B-LT by default, and never below B-T. With a stamp, the answer's Link header names the page
    that the stamp leads to. Sent again with the same Idempotency-Key, it is the same signed
    document, for an hour by default; without a key it is signed again.
    """
    request.max_form_memory_size = STAMP_OCTETS + _BESIDES
    with storage():  # A large upload is put down while it is read.
        wishes, source = message_in("wishes", DocumentWishes), file_in("document")
    wanted = Wanted(
        seal=wishes.seal,
        options=wishes.options(request.form.get("password")),
        stamp=wishes.stamp,
        by=current_principal(),
        act_id=act_id(),
    )
    with ExitStack() as stack:
        signed = stack.enter_context(_desk().sealed(source, wanted, is_kept=is_repeatable()))
        # What the answer still reads from is closed with it.
        held = stack.pop_all()
    response = Response(_chunks(signed.content), mimetype=PDF)
    if signed.address is not None:
        response.headers["Link"] = link_to(signed.address)
    response.call_on_close(held.close)
    return response


def _desk() -> DocumentDesk:
    desk: Callable[[], DocumentDesk] = current_app.extensions[_KEY]
    return desk()


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk
