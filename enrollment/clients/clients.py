"""Register API clients, decide on them, rotate their keys, suspend and close them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from cryptography import x509
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from ca.constraints.refusals import CompromisedKey, WeakKey
from core.access import Permission, Principal, Role
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.application import Verdict
from enrollment.clients.client import (
    ApiClient,
    AuthMethod,
    ClientDetails,
    ClientState,
    client_octets,
    client_of,
    clients_query,
    find_client,
)
from enrollment.clients.errors import (
    ClientDecided,
    ClientKeyRefused,
    ClientKeyTaken,
    ClientKeyUnknown,
    ClientRefused,
    ClientStateRefused,
    OwnClient,
)
from enrollment.clients.keys import ClientKey
from enrollment.clients.models import access_tokens, api_client_keys, api_clients
from enrollment.institutions.institutions import check_active
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import principals
from enrollment.officers import Officers, OfficerState, person_behind
from enrollment.permissions import SUBMIT_MANY
from hsm.keys import PublicKey

# What one officer alone gives no program: it decides nothing, but asks for very many.
FOR_TWO_OFFICERS = frozenset({SUBMIT_MANY})
# Two during a rotation; more only hide which one is in use.
MOST_KEYS = 4
LONGEST_NAME = 100


class Clients:
    """Keeps the clients; each change is logged, and asked for by an officer."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        officers: Officers,
        grantable: Collection[Permission],
        check_key: Callable[[PublicKey], None],
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._officers = officers
        self.grantable = frozenset(grantable)
        self._check_key = check_key
        self._clock = clock

    def register(
        self, details: ClientDetails, keys: Sequence[ClientKey], *, by: Principal, client_id: str
    ) -> ApiClient:
        """Register a client, or return the one that already has this id.

        Where a scope needs two officers it waits for another one. Raises ClientRefused,
        ClientKeyRefused for a weak key, ClientKeyTaken, InstitutionUnknown, InstitutionNotActive
        and Unavailable.
        """
        self._check(details, keys, by)
        try:
            with self._database.begin() as connection:
                self._store(connection, details, keys, by, client_id)
        except IntegrityError as error:
            if self._is_there(client_id):
                # The same request, whose first answer was lost.
                return self.find(client_id, Jurisdiction.of(by))
            raise _taken() from error
        return self.find(client_id, Jurisdiction.of(by))

    def decide(
        self, client_id: str, verdict: Verdict, *, by: Principal, reason: str | None = None
    ) -> ApiClient:
        """Approve or refuse a registration; the same again changes nothing.

        Raises ClientUnknown, OwnClient, ClientDecided and Unavailable.
        """
        with self._database.begin() as connection:
            client = find_client(connection, client_id, within=Jurisdiction.of(by), locked=True)
            if client.decided_by == by.id and str(client.state) == str(verdict):
                return client
            person = person_behind(connection, by.id)
            if client.registered_by_person == person:
                raise OwnClient("You registered this client; another officer decides.")
            if client.state is not ClientState.PROPOSED:
                raise ClientDecided(
                    f"This registration is {client.state}.", state=str(client.state)
                )
            now = self._clock.now()
            facts: dict[str, JsonValue] = {"client": client.id, "verdict": str(verdict)}
            self._write(connection, "client-decided", client.salt, by, facts)
            connection.execute(
                update(api_clients)
                .where(api_clients.c.id == client_id)
                .values(
                    state=str(verdict),
                    decided_by=by.id,
                    decided_by_person=person,
                    decided_at=now,
                    reason=reason,
                )
            )
            approved = verdict is Verdict.APPROVED
            _set_standing(
                connection, client_id, OfficerState.ACTIVE if approved else OfficerState.REMOVED
            )
            return find_client(connection, client_id)

    def add_key(self, client_id: str, key: ClientKey, *, by: Principal) -> ApiClient:
        """Add a key; the one that is there already changes nothing.

        Raises ClientUnknown, ClientRefused, ClientKeyRefused for a weak key, ClientKeyTaken and
        Unavailable.
        """
        self._check_strong(key)
        try:
            with self._database.begin() as connection:
                client = find_client(connection, client_id, within=Jurisdiction.of(by), locked=True)
                used = [one for one in client.keys if one.ended_at is None]
                if any(one.key.thumbprint == key.thumbprint for one in used):
                    return client
                if client.details.auth_method is not AuthMethod.PRIVATE_KEY_JWT:
                    raise ClientRefused("This client proves itself with its certificate.")
                if len(used) >= MOST_KEYS:
                    raise ClientRefused(f"A client has at most {MOST_KEYS} keys; end one first.")
                facts: dict[str, JsonValue] = {"client": client.id, "key": key.thumbprint}
                self._write(connection, "client-key-added", client.salt, by, facts)
                _insert_key(connection, client_id, key, self._clock.now())
                return find_client(connection, client_id)
        except IntegrityError as error:
            raise _taken() from error

    def end_key(self, client_id: str, thumbprint: str, *, by: Principal) -> ApiClient:
        """Take a key out of use for ever; again, it changes nothing.

        Raises ClientUnknown, ClientKeyUnknown and Unavailable.
        """
        with self._database.begin() as connection:
            client = find_client(connection, client_id, within=Jurisdiction.of(by), locked=True)
            found = next((one for one in client.keys if one.key.thumbprint == thumbprint), None)
            if found is None:
                raise ClientKeyUnknown("This client has no key of this thumbprint.")
            if found.ended_at is not None:
                return client
            facts: dict[str, JsonValue] = {"client": client.id, "key": thumbprint}
            self._write(connection, "client-key-ended", client.salt, by, facts)
            connection.execute(
                update(api_client_keys)
                .where(api_client_keys.c.thumbprint == thumbprint)
                .values(ended_at=self._clock.now())
            )
            _forget_tokens(connection, client_id)
            return find_client(connection, client_id)

    def bind_certificate(
        self, client_id: str, certificate: x509.Certificate, *, by: Principal
    ) -> ApiClient:
        """Let a client prove itself with a certificate of ours (RFC 8705, Section 2.1).

        Raises ClientUnknown, and as :meth:`Officers.bind`, which logs it.
        """
        self.find(client_id, Jurisdiction.of(by))
        self._officers.bind(officer_id=client_id, certificate=certificate)
        return self.find(client_id)

    def change_standing(
        self, client_id: str, standing: OfficerState, *, by: Principal
    ) -> ApiClient:
        """Suspend, reinstate or close a client; its tokens end at once.

        Raises ClientUnknown, ClientStateRefused and Unavailable.
        """
        with self._database.begin() as connection:
            client = find_client(connection, client_id, within=Jurisdiction.of(by), locked=True)
            if client.standing is standing:
                return client
            if client.state is not ClientState.APPROVED or client.standing is OfficerState.REMOVED:
                raise ClientStateRefused(
                    "This client is not in use: it waits for approval, was refused or was closed."
                )
            facts: dict[str, JsonValue] = {"client": client.id, "state": str(standing)}
            self._write(connection, "client-state-changed", client.salt, by, facts)
            _set_standing(connection, client_id, standing)
            _forget_tokens(connection, client_id)
            return find_client(connection, client_id)

    def find(self, client_id: str, within: Jurisdiction | None = None) -> ApiClient:
        """Return a client in whatever state. Raises ClientUnknown."""
        with self._database.read() as connection:
            return find_client(connection, client_id, within=within)

    def page(
        self, within: Jurisdiction, *, limit: int, after: str | None = None
    ) -> Sequence[ApiClient]:
        """Return up to ``limit`` clients, newest first, after the id ``after``, without keys."""
        query = within.narrow(clients_query(), principals.c.institution)
        query = query.order_by(api_clients.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(api_clients.c.id < after)
        with self._database.read() as connection:
            return [client_of(row) for row in connection.execute(query)]

    def _check(self, details: ClientDetails, keys: Sequence[ClientKey], by: Principal) -> None:
        if not Jurisdiction.of(by).covers(details.institution):
            raise ClientRefused("You register clients of your own institution alone.")
        if not 0 < len(details.name.strip()) <= LONGEST_NAME or not details.name.isprintable():
            raise ClientRefused(f"A client has a name of 1 to {LONGEST_NAME} characters.")
        if foreign := sorted(set(details.scopes) - self.grantable):
            raise ClientRefused(
                f"No program may have the scope {foreign[0]}.", grantable=sorted(self.grantable)
            )
        if not details.scopes:
            raise ClientRefused("A client needs at least one scope.")
        by_key = details.auth_method is AuthMethod.PRIVATE_KEY_JWT
        if by_key and not 0 < len({one.thumbprint for one in keys}) <= MOST_KEYS:
            raise ClientRefused(f"private_key_jwt needs 1 to {MOST_KEYS} public keys.")
        if keys and not by_key:
            raise ClientRefused("A client with tls_client_auth has a certificate and no key here.")
        for key in keys:
            self._check_strong(key)

    def _check_strong(self, key: ClientKey) -> None:
        try:
            self._check_key(key.public_key)
        except (WeakKey, CompromisedKey) as error:
            raise ClientKeyRefused(error.detail, kept="Nothing of it was stored.") from error

    def _store(
        self,
        connection: Connection,
        details: ClientDetails,
        keys: Sequence[ClientKey],
        by: Principal,
        client_id: str,
    ) -> None:
        if details.institution is not None:
            check_active(connection, details.institution)
        now, salt = self._clock.now(), new_salt()
        waits = bool(FOR_TWO_OFFICERS & set(details.scopes))
        facts: dict[str, JsonValue] = {
            "approvals_needed": int(waits),
            "client": client_id,
            "details": commitment(salt, client_octets(details, keys)),
            "scopes": [str(scope) for scope in sorted(details.scopes)],
        }
        index = self._write(connection, "client-registered", salt, by, facts)
        connection.execute(
            insert(principals).values(
                id=client_id,
                role=Role.SERVICE,
                state=OfficerState.SUSPENDED if waits else OfficerState.ACTIVE,
                institution=details.institution,
                person=client_id,
                enrolled_at=now,
                salt=salt,
            )
        )
        connection.execute(
            insert(api_clients).values(
                id=client_id,
                name=details.name.strip(),
                auth_method=details.auth_method,
                scopes=sorted(set(details.scopes)),
                state=ClientState.PROPOSED if waits else ClientState.APPROVED,
                approvals_needed=int(waits),
                registered_by=by.id,
                registered_by_person=person_behind(connection, by.id),
                registered_at=now,
                salt=salt,
                log_index=index,
                tokens_issued=0,
            )
        )
        for key in {one.thumbprint: one for one in keys}.values():
            _insert_key(connection, client_id, key, now)

    def _is_there(self, client_id: str) -> bool:
        query = select(api_clients.c.id).where(api_clients.c.id == client_id)
        with self._database.read() as connection:
            return connection.execute(query).one_or_none() is not None

    def _write(
        self,
        connection: Connection,
        kind: str,
        salt: bytes,
        by: Principal,
        facts: dict[str, JsonValue],
    ) -> int:
        officer = commitment(salt, by.id.encode())
        entry = LogEntry(kind, self._clock.now(), {"officer": officer, **facts})
        [index] = self._log.append(connection, [entry])
        return index


def _set_standing(connection: Connection, client_id: str, standing: OfficerState) -> None:
    connection.execute(
        update(principals).where(principals.c.id == client_id).values(state=standing)
    )


def _forget_tokens(connection: Connection, client_id: str) -> None:
    connection.execute(access_tokens.delete().where(access_tokens.c.client == client_id))


def _insert_key(connection: Connection, client_id: str, key: ClientKey, now: datetime) -> None:
    connection.execute(
        insert(api_client_keys).values(
            thumbprint=key.thumbprint, client=client_id, jwk=key.jwk, added_at=now
        )
    )


def _taken() -> ClientKeyTaken:
    return ClientKeyTaken("This key belongs to an API client already; make another.")
