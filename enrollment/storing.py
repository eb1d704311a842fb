"""Store what was submitted, and open its round: each with its entry in the log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select, update

from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.application import Application, ApplicationState, submission_octets
from enrollment.institutions.institutions import check_active, find_institution
from enrollment.legal_entities import check_entity
from enrollment.models import applications, earlier_submissions, principals
from enrollment.profiles import OpenProfile

if TYPE_CHECKING:
    from enrollment.applications import Submission


def store_application(
    connection: Connection,
    log: TransparencyLog,
    submission: Submission,
    *,
    profile: OpenProfile,
    applicant: str,
    application_id: str,
    now: datetime,
    decide_by: datetime,
    bundle: str | None = None,
) -> None:
    """Store a checked submission as an application, within the caller's transaction.

    Raises IntegrityError where the id is taken.
    """
    salt = new_salt()
    committed = submission_octets(
        applicant=applicant,
        profile=profile.name,
        holder=submission.holder,
        facts=submission.facts,
        csr_der=submission.csr.csr_der,
    )
    facts: dict[str, JsonValue] = {
        "application": application_id,
        "approvals_needed": profile.approvals,
        "profile": profile.name,
        "submission": commitment(salt, committed),
    }
    row = {
        "id": application_id,
        "applicant": applicant,
        **_behind(connection, applicant, submission),
        **_submitted(submission, now, decide_by),
        "bundle": bundle,
        "profile": profile.name,
        "holder": submission.holder,
        "approvals_needed": profile.approvals,
        "round": 1,
        "evidence": submission.evidence,
        "salt": salt,
    }
    [index] = log.append(connection, [LogEntry("application-submitted", now, facts)])
    connection.execute(insert(applications).values(**row, log_index=index))


def store_answer(
    connection: Connection,
    log: TransparencyLog,
    application: Application,
    submission: Submission,
    *,
    answer: str,
    now: datetime,
    decide_by: datetime,
) -> None:
    """Store what an applicant answered, corrected or not: it is submitted anew, in a new round."""
    if application.institution is not None:
        owner = find_institution(connection, application.institution)
        check_entity(owner, holder=application.holder, facts=submission.facts)
    salt = new_salt()
    committed = submission_octets(
        applicant=application.applicant,
        profile=application.profile,
        holder=application.holder,
        facts=submission.facts,
        csr_der=submission.csr.csr_der,
        answer=answer,
    )
    facts: dict[str, JsonValue] = {
        "application": application.id,
        "approvals_needed": application.approvals_needed,
        "profile": application.profile,
        "round": application.round + 1,
        "submission": commitment(salt, committed),
    }
    [index] = log.append(connection, [LogEntry("application-submitted", now, facts)])
    _keep_earlier(connection, application)
    connection.execute(
        update(applications)
        .where(applications.c.id == application.id)
        .values(
            **_submitted(submission, now, decide_by),
            round=application.round + 1,
            answer=answer,
            salt=salt,
            log_index=index,
        )
    )


def _submitted(submission: Submission, now: datetime, decide_by: datetime) -> dict[str, object]:
    return {
        "state": ApplicationState.SUBMITTED,
        "facts": dict(submission.facts),
        "csr_der": submission.csr.csr_der,
        "public_key_sha256": submission.csr.public_key_sha256,
        "approvals": 0,
        "checks": submission.checks,
        "submitted_at": now,
        "decide_by": decide_by,
    }


def _keep_earlier(connection: Connection, application: Application) -> None:
    connection.execute(
        insert(earlier_submissions).values(
            log_index=application.log_index,
            application=application.id,
            round=application.round,
            facts=dict(application.facts),
            csr_der=application.csr_der,
            answer=application.answer,
            submitted_at=application.submitted_at,
            salt=application.salt,
        )
    )


def _behind(connection: Connection, applicant: str, submission: Submission) -> dict[str, object]:
    query = select(principals.c.person, principals.c.institution).where(
        principals.c.id == applicant
    )
    found = connection.execute(query).one()
    institution = found.institution or submission.institution
    if institution is not None:
        owner = check_active(connection, institution)
        check_entity(owner, holder=submission.holder, facts=submission.facts)
    return {"applicant_person": found.person, "institution": institution}
