"""Circulations as the API shows them to whoever has to do with them."""

from __future__ import annotations

from signing.approval.approval import Act, Approval, Participant
from signing.approval.deputies import Deputy
from signing.approval.desk import ApprovalDesk
from signing.approval.messages import ActView, ApprovalView, DeputyView, ParticipantView
from signing.approval.stamps import said


def view_of_approval(desk: ApprovalDesk, one: Approval) -> ApprovalView:
    """Return a circulation with who takes part and what was done."""
    return ApprovalView(
        id=one.id,
        title=one.title,
        state=one.state,
        institution=one.institution,
        seal=one.seal,
        step=one.step,
        revision=one.revision,
        sha256=one.sha256.hex(),
        octets=one.octets,
        trouble=one.trouble,
        next_try_at=one.next_try_at,
        started_at=one.started_at,
        ended_at=one.ended_at,
        erased_at=one.erased_at or one.erased_from(desk.kept),
        participants=tuple(_participant(desk, one, person) for person in one.participants),
        acts=tuple(_act(desk, one, act) for act in one.acts),
    )


def view_of_deputy(desk: ApprovalDesk, one: Deputy, person: str) -> DeputyView:
    """Return a deputy as ``person``, who is one of the two, sees it."""
    return DeputyView(
        id=one.id,
        institution=one.institution,
        person=said(desk.colleague(one.person, one.institution).name),
        deputy=said(desk.colleague(one.deputy, one.institution).name),
        is_mine=one.person == person,
        begins_at=one.begins_at,
        ends_at=one.ends_at,
        revoked_at=one.revoked_at,
    )


def _participant(desk: ApprovalDesk, approval: Approval, one: Participant) -> ParticipantView:
    who = desk.colleague(one.person, approval.institution)
    is_turn = approval.is_turn_of(one)
    return ParticipantView(
        number=one.number,
        step=one.step,
        name_km=who.name.khmer,
        name_latin=who.name.english,
        staff_number=who.staff_number,
        role=one.role,
        deadline=one.deadline,
        state=one.state,
        overdue=one.overdue_at is not None,
        is_turn=is_turn,
        can_act=desk.can_act(one, approval.institution) if is_turn else who.is_serving,
    )


def _act(desk: ApprovalDesk, approval: Approval, act: Act) -> ActView:
    return ActView(
        kind=act.kind,
        at=act.at,
        participant=act.participant,
        by=_name(desk, approval, act.by),
        on_behalf_of=_name(desk, approval, act.on_behalf_of),
        text=act.text,
        sha256=None if act.sha256 is None else act.sha256.hex(),
        log_index=act.log_index,
    )


def _name(desk: ApprovalDesk, approval: Approval, principal: str | None) -> str | None:
    # A program has no name here, and its id names nobody.
    if principal is None:
        return None
    return said(desk.colleague(principal, approval.institution).name) or principal
