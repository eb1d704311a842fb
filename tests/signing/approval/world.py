"""A ministry with four people, three of whom have signing keys, and a seal."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import select

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.approval import ApprovalWiring
from camtrust.wiring import Services
from core.access import Principal, Role
from core.idempotency import new_act_id
from core.mail.models import mails
from core.transparency.entry import LogEntry
from enrollment.institutions.institution import InstitutionDetails, InstitutionKind
from enrollment.people.person import PersonDetails, PersonName, Place
from hsm.keys import KeyAlgorithm, KeyState
from hsm.private_keys import as_private_key, hash_for
from signing.approval.approval import Approval, ParticipantRole, find_approval
from signing.approval.starting import Asked, Circulation, Step
from signing.credentials.credential import Credential, Holder, HolderKind
from tests.enrollment.passkeys.authenticator import Authenticator
from tests.signing.documents.pdfs import one_page
from tests.signing.world import MINISTRY, SigningWorld

PIN = "39417205"
PROGRAM = Principal("documents-program", Role.SERVICE, MINISTRY.id)
SEAL = "ministry-seal"
SIGN, ACKNOWLEDGE = ParticipantRole.SIGN, ParticipantRole.ACKNOWLEDGE
SETTINGS = f"""
[approval]
seals = {{ "{MINISTRY.id}" = "{SEAL}" }}
"""


@dataclass
class Person:
    """Somebody of the ministry, with what they sign with."""

    id: str
    number: str
    latin: str
    device: Authenticator
    key: Credential | None = None


@dataclass
class ApprovalWorld:
    """Services, and the people of the ministry by their staff numbers."""

    services: Services
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def signing(self) -> SigningWorld:
        return SigningWorld(self.services)

    @property
    def approval(self) -> ApprovalWiring:
        return self.services.approval

    @property
    def clock(self) -> Any:
        return self.services.clock

    def populate(self) -> None:
        self.services.registration.subscribers.institutions.register(
            InstitutionDetails(
                MINISTRY.id,
                InstitutionKind.MINISTRY,
                "ក្រសួងសាកល្បង",
                "Ministry of Examples",
                mail_domains=("examples.example",),
            )
        )
        for number, khmer, latin in (
            ("1", "សុខ ដារ៉ា", "Sok Dara"),
            ("2", "ចាន់ វណ្ណា", "Chan Vanna"),
            ("3", "គឹម សុភា", "Kim Sophea"),
            ("4", "លី មករា", "Ly Makara"),
        ):
            self.add(number, khmer, latin, has_key=number != "4")
        self.make_seal()

    def add(self, number: str, khmer: str, latin: str, *, has_key: bool = True) -> Person:
        subscribers = self.services.registration.subscribers
        surname_km, given_km = khmer.split()
        surname, given = latin.split()
        person = subscribers.people.add(
            PersonDetails(PersonName(surname_km, given_km, surname, given))
        ).id
        subscribers.people.employ(
            person,
            MINISTRY.id,
            Place(
                staff_number=number,
                title_km="ប្រធាន",
                title_latin="Director",
                official_mail=f"person{number}@examples.example",
            ),
        )
        subscribers.subscribers.enroll(person)
        origin = self.services.registration.sign_in_parts.public.party.origin
        made = Person(person, number, latin, Authenticator(origin, counts=False))
        self.signing.add_passkey(person, made.device)
        if has_key:
            made.key = self._key(made, surname, given)
        self.people[number] = made
        return made

    def _key(self, person: Person, surname: str, given: str) -> Credential:
        made = self.signing.make(Holder(HolderKind.PERSON, person.id), PIN)
        request = self.services.remote_signing.making.request(made.id, pin=PIN)
        self.services.issuance.issue(
            CertificateRequest(
                profile="person-signing",
                csr=verify_csr(request),
                holder=f"person:{person.id}",
                facts={
                    "surname": surname,
                    "given_name": given,
                    "identifier": f"IDCKH-01234567{person.number}",
                },
            )
        )
        return made

    def make_seal(self) -> None:
        keys = self.services.keys
        record = keys.generate(token="seals", label=SEAL, algorithm=KeyAlgorithm.EC_P256)
        keys.change_state(record.key_id, KeyState.ACTIVE, reason="a test")
        key = as_private_key(keys.signing_key(record.key_id))
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        from cryptography.hazmat.primitives.serialization import Encoding

        csr = builder.sign(key, hash_for(record.algorithm)).public_bytes(Encoding.DER)
        self.services.issuance.issue(
            CertificateRequest(
                profile="organization-seal",
                csr=verify_csr(csr),
                holder="organization:NTRKH-00012345",
                institution=MINISTRY.id,
                facts={
                    "organization_name": "Ministry of Examples",
                    "organization_identifier": "NTRKH-00012345",
                    "common_name": "Ministry of Examples Seal",
                },
            )
        )

    def start(
        self,
        *steps: str,
        by: Principal = PROGRAM,
        pdf: bytes | None = None,
        within: timedelta = timedelta(days=3),
        **options: Any,
    ) -> Approval:
        """Start a circulation. "12" is a step of two people; "4a" is one who acknowledges."""
        deadline = self.clock.now() + within
        wanted = Circulation(
            title=options.pop("title", "Decision 12/2026"),
            steps=[Step(asked(one, options.get("stamp")), deadline) for one in steps],
            seal=options.pop("seal", SEAL),
            stamp=options.pop("seal_stamp", None),
        )
        return self.approval.starting.start(
            wanted,
            io.BytesIO(pdf or one_page()),
            approval_id=options.pop("approval_id", None) or new_act_id(self.clock.now()),
            by=by,
        )

    def find(self, approval: Approval) -> Approval:
        with self.services.database.read() as connection:
            return find_approval(connection, approval.id)

    def place_of(self, approval: Approval, number: str, place: str | None = None) -> int:
        """The place of the one with this staff number."""
        person = self.people[place or number].id
        found = [one for one in self.find(approval).participants if one.person == person]
        return [one for one in found if one.state != "replaced"][-1].number

    def ask(self, approval: Approval, number: str, place: str | None = None) -> str:
        """Have a signature prepared; the passkey's answer to the question."""
        person, now = self.people[number], self.find(approval)
        asked_ = self.approval.signing.question(
            approval.id, self.place_of(approval, number, place), person.id, revision=now.revision
        )
        assert asked_ is not None
        return person.device.get(json.loads(asked_))

    def confirm(
        self,
        approval: Approval,
        number: str,
        proof: str,
        place: str | None = None,
        pin: str = PIN,
    ) -> Approval:
        return self.approval.signing.sign(
            approval.id,
            self.place_of(approval, number, place),
            self.people[number].id,
            pin=pin,
            proof=proof,
        )

    def sign(self, approval: Approval, number: str, place: str | None = None) -> Approval:
        """Sign, in somebody's place where one is named."""
        return self.confirm(approval, number, self.ask(approval, number, place), place)

    def acknowledge(self, approval: Approval, number: str, opinion: str = "") -> Approval:
        return self.approval.desk.taking_part.acknowledge(
            approval.id,
            self.place_of(approval, number),
            self.people[number].id,
            opinion=opinion,
        )

    def refuse(
        self, approval: Approval, number: str, reason: str = "Figures are wrong."
    ) -> Approval:
        return self.approval.desk.taking_part.refuse(
            approval.id, self.place_of(approval, number), self.people[number].id, reason=reason
        )

    def name_deputy(self, number: str, deputy: str, **period: Any) -> Any:
        now = self.clock.now()
        return self.approval.desk.deputies.name(
            deputy_id=new_act_id(now),
            person=self.people[number].id,
            institution=MINISTRY.id,
            staff_number=deputy,
            begins_at=period.get("begins_at", now),
            ends_at=period.get("ends_at", now + timedelta(days=7)),
        )

    def leave(self, number: str) -> None:
        """Have somebody leave the ministry, who goes on to sign in."""
        people = self.services.registration.subscribers.people
        [served] = people.employments_of(self.people[number].id)
        people.leave(served.id)

    def document(self, approval: Approval) -> bytes:
        return self.approval.desk.document(self.find(approval)).read_bytes()

    def signatures(self, approval: Approval) -> list[Any]:
        reader = PdfFileReader(io.BytesIO(self.document(approval)))
        return list(reader.embedded_signatures)

    def entries(self) -> list[LogEntry]:
        return self.signing.entries()

    def kinds(self) -> list[str]:
        return [one.kind for one in self.entries() if one.kind.startswith("approval-")]

    def mails(self) -> list[tuple[str, str]]:
        """Of each mail the kind and the recipient."""
        query = select(mails.c.kind, mails.c.recipient).order_by(mails.c.id)
        with self.services.database.read() as connection:
            return [(row.kind, row.recipient) for row in connection.execute(query)]


def asked(step: str, stamp: Any = None) -> list[Asked]:
    people, numbers = [], step.replace("a", "")
    for number in numbers:
        role = ACKNOWLEDGE if f"{number}a" in step else SIGN
        people.append(Asked(number, role, stamp if role is SIGN else None))
    return people


def as_person(person: Person) -> Principal:
    return Principal(person.id, Role.SUBSCRIBER)


def write_settings(home: Path, database_url: str) -> None:
    from tests.signing.world import write_settings as write

    write(home, database_url)
    with (home / "camtrust.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
