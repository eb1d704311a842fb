"""Make a home from nothing, in steps that can each be run again."""

from __future__ import annotations

from collections.abc import Iterator

from ca.ceremony.development import hold_development_ceremony
from ca.hierarchy import load_hierarchy
from camtrust.development_seal import SEAL, make_development_seal
from camtrust.note_keys import make_note_key
from camtrust.schema import upgrade_schema
from camtrust.wiring import LOG_TOKEN, WITNESS_TOKEN, Services
from hsm.settings import DEFAULT_TOKENS
from hsm.softhsm import provision


def found(services: Services) -> Iterator[str]:
    """Make what a home is missing; yield a line for each step that is done.

    1. The home directory, which nobody else may read.
    2. Development tokens in SoftHSM, unless the settings name tokens.
    3. The tables.
    4. The keys that sign the log's checkpoints, the witness's cosignatures and the summaries of
       stamps; for development tokens the escrow key as well.
    5. The hierarchy, by a ceremony without people, for development tokens alone.
    6. The time-stamping units, certified by it.
    7. The document signers of passes, certified by it.
    8. A seal to sign documents with, certified by it.
    """
    home = services.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # Step 1.
    settings = services.settings
    development = settings.hsm.kind == "softhsm"
    if development:  # Step 2.
        provision(home, DEFAULT_TOKENS)
        yield f"Tokens: SoftHSM in {home / 'tokens'}; their PINs in {home / 'pins'}."
    upgrade_schema(services.unchecked_database)  # Step 3.
    yield "Database: at the newest schema."
    for token, name in (  # Step 4.
        (LOG_TOKEN, services.log_settings.origin),
        (WITNESS_TOKEN, services.log_settings.witness_name),
    ):
        made = make_note_key(services.keys, token=token, name=name)
        yield f"Key of {name}: {'made' if made else 'there already'}."
    made = services.verification.keys.make()
    yield f"Key of stamps' summaries: {'made' if made else 'there already'}."
    yield f"Log: verifier key {services.log.key.vkey()}"
    if not development:
        yield "Hierarchy: hold a key ceremony next (docs/runbooks/key-ceremony.md)."
        return
    escrow_keys = services.registration.subscriber_keys.escrow_keys
    if not escrow_keys.is_there():
        yield f"Escrow key: {escrow_keys.make().key_id.hex()}"
    held = hold_development_ceremony(  # Step 5.
        services.ceremonies, load_hierarchy(home), services.clock
    )
    services.authorities.forget()
    services.log.publish()
    names = ", ".join(one.name for one in services.authorities.all())
    yield f"Hierarchy: {names} (ceremony {held.id}, transcript in {home / 'ceremonies'})."
    yield from _certified(services)  # Steps 6 to 8.


def _certified(services: Services) -> Iterator[str]:
    made_units = services.timestamp_wiring.renewal.renew_due()
    yield f"Time-stamping units: {', '.join(made_units) or 'there already'}."
    made_signers = services.passes.renewal.renew_due()
    yield f"Document signers of passes: {', '.join(made_signers) or 'there already'}."
    made_seal = make_development_seal(services)
    yield f"Seal {SEAL} for documents: {'made' if made_seal else 'there already'}."
