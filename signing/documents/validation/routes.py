"""``/signing/v1/validate`` for programs, ``/validate`` for people: open to everybody.

Whoever holds a signed document has to be able to check it, without an account. What is sent lives
in the request alone: the web server keeps large files in a temporary one that has no name, and it
is gone when the answer is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

from apiflask import APIBlueprint
from flask import Response, render_template, request
from werkzeug.datastructures import FileStorage

from core.errors import CamtrustError
from core.web.access_control import public
from core.web.bodies import reads
from core.web.forms import UPLOAD, takes_upload
from core.web.languages import translatable
from core.web.limits import limited
from core.web.openapi import may_refuse
from core.web.problems import NotAcceptable, show_problems_as_pages
from signing.documents.errors import (
    DocumentTooLarge,
    PdfEncryptionUnknown,
    PdfHybrid,
    PdfPasswordMissing,
    PdfPasswordWrong,
)
from signing.documents.validation.asked import read_moment
from signing.documents.validation.desk import ValidationDesk
from signing.documents.validation.errors import (
    DocumentMissing,
    DocumentOverBounds,
    DocumentUnreadable,
    NothingToReport,
    SignedContentMissing,
    TimeMalformed,
    ValidationTooLong,
    ValidatorBusy,
)
from signing.documents.validation.messages import ReportView, view_of_report
from signing.documents.validation.report import ValidationReport
from signing.documents.validation.settings import ValidationSettings
from signing.documents.validation.validator import Question
from signing.documents.validation.words import (
    CHANGES,
    INTEGRITY,
    words_of_report,
    words_of_signature,
)
from signing.documents.validation.xml_report import xml_of

API = "/signing/v1/validate"
PAGE = "/validate"
JSON, XML = "application/json", "application/xml"
# A form's other fields and the borders between them, beside the files.
_BESIDES = 64 << 10
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        UPLOAD: {
            "schema": {
                "type": "object",
                "required": ["document"],
                "properties": {
                    "document": _FILE | {"description": "A PDF, or a CMS signature."},
                    "content": _FILE | {"description": "What a detached signature signs."},
                    "at": {
                        "type": "string",
                        "description": "The time asked about, or now.",
                    },
                    "password": {"type": "string", "description": "Opens an encrypted PDF."},
                },
            },
            "example": {"document": "The octets of letter.pdf.", "at": "2026-12-01T08:00:00Z"},
        }
    },
}
NEXT_STEPS: Mapping[str, str] = {
    "document-unreadable": translatable(
        "Choose the file itself, as it was sent to you: no picture, and no print that was scanned."
    ),
    "pdf-password-missing": translatable("Go back, and type the password that opens the PDF."),
    "pdf-password-wrong": translatable("Go back, and type the password that opens the PDF."),
    "document-too-large": translatable(
        "Ask the office that signed to check it, or use the program on a computer of your own."
    ),
    "document-over-bounds": translatable(
        "Ask the office that signed to check it, or use the program on a computer of your own."
    ),
    "content-too-large": translatable(
        "Ask the office that signed to check it, or use the program on a computer of your own."
    ),
    "validation-too-long": translatable(
        "Ask the office that signed to check it, or use the program on a computer of your own."
    ),
    "signed-content-missing": translatable(
        "Go back, and choose the file that the signature belongs to as well."
    ),
    "validator-busy": translatable("Wait a minute, then send the document again."),
    "rate-limited": translatable("Wait a minute, then send the document again."),
    "form-outdated": translatable(
        "Open the page again, and choose the document once more. The browser has to accept cookies."
    ),
}
_OTHERWISE = translatable("Choose the document that you want to check.")


def validation_api(
    desk: Callable[[], ValidationDesk], settings: ValidationSettings
) -> APIBlueprint:
    """Return the route for programs; ``desk`` is asked at each request."""
    api = APIBlueprint("validation", __name__)

    @api.post(API)
    @limited(settings.rate)
    @public
    @reads(UPLOAD, max_octets=settings.max_octets + _BESIDES)
    @may_refuse(
        DocumentMissing,
        DocumentUnreadable,
        DocumentOverBounds,
        DocumentTooLarge,
        PdfPasswordMissing,
        PdfPasswordWrong,
        PdfEncryptionUnknown,
        PdfHybrid,
        SignedContentMissing,
        TimeMalformed,
        ValidationTooLong,
        ValidatorBusy,
        NothingToReport,
        NotAcceptable,
    )
    @api.doc(extensions={"requestBody": BODY})
    @api.output(ReportView)
    def validate_document() -> Any:
        """Validate the signatures of a document.

        Needs no sign-in. The report is a value whatever it says: read `verdict`, and `integrity` of
        each signature. With `Accept: application/xml` it is that of ETSI TS 119 102-2. Nothing is
        kept, and nothing is fetched from addresses that a document names.
        """
        # RFC 9110, Section 12.5.1: who names nothing takes anything.
        offered = request.accept_mimetypes
        wanted = offered.best_match([JSON, XML]) if offered else JSON
        if wanted is None:
            raise NotAcceptable(f"A report is {JSON} or {XML}.")
        report = desk().examine(_question())
        if wanted == XML:
            return Response(xml_of(report), content_type=f"{XML}; charset=utf-8")
        return view_of_report(report)

    return api


def validation_pages(
    desk: Callable[[], ValidationDesk], settings: ValidationSettings
) -> APIBlueprint:
    """Return the pages for people."""
    pages = APIBlueprint(
        "validation_pages", __name__, template_folder="templates", enable_openapi=False
    )

    @pages.record_once
    def show_refusals(state: Any) -> None:
        show_problems_as_pages(state.app, PAGE, _refusal_page)

    @pages.get(PAGE)
    @public
    def ask() -> str:
        """Show where a document is chosen."""
        return _form(settings)

    @pages.post(PAGE)
    @limited(settings.rate)
    @public
    @takes_upload(settings.max_octets + _BESIDES)
    def show() -> Any:
        """Validate what was chosen, and show what was found."""
        try:
            question = _question()
        except DocumentMissing as mistaken:
            return _form(settings, mistaken), 422
        return _result(desk().examine(question))

    return pages


def _question() -> Question:
    document, content = _file("document"), _file("content")
    if document is None:
        raise DocumentMissing("No file came with the form.")
    at = request.form.get("at", "")
    return Question(
        cast(BinaryIO, document.stream),
        (document.filename or "")[:200],
        at=read_moment(at) if at else None,
        content=cast(BinaryIO, content.stream) if content is not None else None,
        password=request.form.get("password") or None,
    )


def _file(name: str) -> FileStorage | None:
    found = request.files.get(name)
    # A browser sends an empty part for a file that was not chosen.
    return found if found is not None and found.filename else None


def _form(settings: ValidationSettings, mistaken: CamtrustError | None = None) -> str:
    return render_template(
        "validation/ask.html",
        home=PAGE,
        back_here=PAGE,
        mistaken=mistaken,
        mebibytes=settings.max_octets >> 20,
    )


def _result(report: ValidationReport) -> str:
    return render_template(
        "validation/result.html",
        home=PAGE,
        back_here=PAGE,
        report=report,
        words=words_of_report(report),
        signatures=[
            # Archiving adds the same twice and more; a reader is told once.
            (one, words_of_signature(one), dict.fromkeys((a.kind, a.fields) for a in one.changes))
            for one in report.signatures
        ],
        integrity=INTEGRITY,
        changes=CHANGES,
    )


def _refusal_page(error: CamtrustError, status: int) -> str:
    return render_template(
        "validation/refusal.html",
        home=PAGE,
        back_here=PAGE,
        error=error,
        status=status,
        next_step=NEXT_STEPS.get(error.problem, _OTHERWISE),
    )
