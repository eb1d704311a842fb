"""Which subjects there are, and the rows that come of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import click

from bench.ocsp import questions as asked
from bench.ocsp.comparison import OCTETS, SIGNATURES, Comparison, Scale
from bench.ocsp.cores import Cores
from bench.ocsp.homes import facts_of
from bench.ocsp.limits import callable_command, static_command
from bench.ocsp.load import Expected, LoadNotMade
from bench.ocsp.nginx import FILES_AS_DEBIAN, FILES_PLAIN
from bench.ocsp.ours import cache_command, published_command
from bench.ocsp.peers import cfssl_command, openssl_command
from bench.ocsp.questions import Question, get, post
from bench.ocsp.room import octets_stored
from bench.ocsp.servers import Server, free_port
from bench.ocsp.software import SoftwareAuthority
from bench.ocsp.subjects import running
from bench.ocsp.worlds import (
    FRONT,
    MOST_SIGNED_BY_SERVICE,
    PRESIGN,
    World,
    signed_by_service,
    signed_in_software,
    start_signer,
)
from bench.results import Row, against
from bench.subject import Subject
from hsm.softhsm import CONFIGURATION_FILE, PINS_FOLDER, module_path
from ocsp.media_types import RESPONSE_TYPE

NGINX = "ocsp.nginx"
STATIC, HSM = "limit.nginx-static", "limit.hsm-sign"
CALLABLE, OPENSSL, CFSSL = "limit.granian-callable", "peer.openssl-ocsp", "peer.cfssl"
STATUS_TOKEN = "status"  # noqa: S105 - the name of a token, not a secret
# deploy/nginx/public.conf: a folder in memory is best. Debian has one here.
_MEMORY = next((str(one) for one in (Path("/dev/shm"),) if one.is_dir()), None)  # noqa: S108
# As `camtrust serve` has by default.
_THREADS = 16


def compare_ocsp(*, scale: Scale, stored: int, with_peers: bool) -> list[Row]:
    """Measure everything and return the rows; ``stored`` is the large number of certificates.

    Raises HomeNotMade, SubjectFailed, ServerFailed and LoadNotMade.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="camtrust-bench-")))
        comparison = Comparison(scale, Cores.of_this_machine(), folder, stack)
        few = signed_by_service(comparison, folder / "few", scale.few)
        _add_limits(comparison)
        _add_ours(comparison, few)
        _add_signing(comparison, few)
        if with_peers:
            _add_peers(comparison)
        worlds = [few]
        if stored:
            is_huge = stored > MOST_SIGNED_BY_SERVICE
            make = signed_in_software if is_huge else signed_by_service
            many = make(comparison, folder / "many", stored)
            many.add_front(f"{FRONT}.get.{stored}", get)
            many.add_front(f"{FRONT}.post.{stored}", post)
            worlds.append(many)
        rows = comparison.rows()
        rows += [row for world in worlds for row in world.rows()]
        room = octets_stored(folder / "rsa", scale.stored_rsa)
        rows.append(Row("ocsp.stored.octets.rsa-3072", room, OCTETS))
        return against(rows, _pairs(scale.few, stored))


def _add_limits(comparison: Comparison) -> None:
    names = [f"{number:0112d}" for number in range(comparison.scale.few)]
    expected = Expected(RESPONSE_TYPE, 790, 790)
    gets = [b"GET /ocsp/%s HTTP/1.1\r\n%s\r\n" % (one.encode(), asked.HEADERS) for one in names]
    for name, files in ((STATIC, FILES_AS_DEBIAN), (f"{STATIC}.plain", FILES_PLAIN)):
        port = free_port()
        command = static_command(comparison.folder / name, port, names, files=files)
        static = comparison.server(f"{name}.nginx", command, port)
        comparison.add_asked(name, running(static), port, gets).check(expected)
    for headers, name in ((6, CALLABLE), (2, f"{CALLABLE}.2-headers")):
        port = free_port()
        command = callable_command(port, headers=headers, threads=_THREADS)
        bare = comparison.server(name, command, port)
        comparison.add_asked(name, running(bare), port, gets).check(expected)


def _add_ours(comparison: Comparison, world: World) -> None:
    world.add_front(f"{FRONT}.get", get)
    world.add_front(f"{FRONT}.post", post)
    issuer, numbers = world.issuer, world.serial_numbers
    few = comparison.scale.live_connections
    for name, asking in (
        ("ocsp.responder", asked.unusual_questions),
        ("ocsp.live", asked.nonce_questions),
    ):
        world.add(name, [world.front], world.port, list(asking(issuer, numbers)), post, few)
    port = free_port()
    kept = Path(comparison.stack.enter_context(TemporaryDirectory(dir=_MEMORY)))
    command = cache_command(comparison.folder / "nginx", kept, port, world.port)
    cache = comparison.server("cache", command, port)
    for message in (get, post):
        name = f"{NGINX}.{message.__name__}"
        added = world.add(name, [cache, world.front], port, world.questions, message)
        # Kept for 20 s, which is less than a round takes: filled anew before each measurement.
        added.prepare = partial(added.load.run, 1)
    port = free_port()
    published = comparison.server(
        "published", published_command(world.home, comparison.folder / "published", port), port
    )
    world.add("ocsp.published", [published], port, world.questions, get)


def _add_signing(comparison: Comparison, world: World) -> None:
    # A store of its own, and ranges of some hundred certificates, as a nation's are.
    signer = start_signer(
        comparison,
        world.home,
        CAMTRUST_OCSP__ANSWERS__FOLDER="answers-measured",
        CAMTRUST_OCSP__VALIDITY__PEOPLE__RANGES="2",
    )

    def sign_ahead() -> float:
        signer.ask(act="begin-anew")
        signed = signer.ask(act="sign")
        return float(signed["count"] / signed["cpu_seconds"])

    comparison.add(PRESIGN, SIGNATURES, sign_ahead)
    bare = _bare_signing(comparison, world)

    def sign() -> float:
        signed = bare.ask(key="ec-p256", count=comparison.scale.signatures)
        return float(signed["count"] / signed["cpu_seconds"])

    comparison.add(HSM, SIGNATURES, sign)


def _bare_signing(comparison: Comparison, world: World) -> Subject:
    folder = world.home.folder
    return comparison.stack.enter_context(
        Subject(
            comparison.cores.on_server(sys.executable, "-m", "bench.issuance.bare_signing"),
            configuration={
                "module": module_path(),
                "token": STATUS_TOKEN,
                "pin_file": str(folder / PINS_FOLDER / STATUS_TOKEN),
                "keys": {"ec-p256": facts_of(world.home, most=0).responder_key_id},
            },
            environment={"SOFTHSM2_CONF": str(folder / CONFIGURATION_FILE)},
            log=comparison.folder / "signers.log",
        )
    )


def _add_peers(comparison: Comparison) -> None:
    authority = SoftwareAuthority.with_certificates(comparison.scale.few)
    questions = list(asked.plain_questions(authority.issuer, authority.serial_numbers))
    _add_openssl(comparison, authority, questions)
    try:
        port = free_port()
        command = cfssl_command(authority, comparison.folder / "cfssl", port)
    except LoadNotMade as error:
        click.echo(f"The row {CFSSL} is left out: {error.message}", err=True)
        return
    cfssl = comparison.server("cfssl", command, port)
    comparison.add_status(
        CFSSL,
        running(cfssl),
        port,
        issuer=authority.issuer,
        questions=questions,
        message=partial(post, path="/"),
    )


def _add_openssl(
    comparison: Comparison, authority: SoftwareAuthority, questions: Sequence[Question]
) -> None:
    port, folder, runs = free_port(), comparison.folder / "openssl", count()

    @contextmanager
    def started() -> Iterator[Sequence[Server]]:
        # When a client goes away without having asked, it answers nobody any more.
        rmtree(folder, ignore_errors=True)
        command = openssl_command(authority, folder, port)
        with comparison.short_lived(f"openssl-{next(runs)}", command, port) as server:
            yield [server]

    comparison.add_status(
        OPENSSL,
        started,
        port,
        issuer=authority.issuer,
        questions=questions,
        message=partial(post, path="/"),
        # It takes one connection at a time.
        connections=comparison.scale.live_connections,
    )


def _pairs(few: int, stored: int) -> dict[str, str]:
    to_static = (FRONT, NGINX)
    pairs = {f"{name}.{how}": STATIC for name in to_static for how in ("get", "post")}
    return {
        **pairs,
        **dict.fromkeys((CALLABLE, f"{CALLABLE}.2-headers", f"{STATIC}.plain"), STATIC),
        "ocsp.published": STATIC,
        **dict.fromkeys((PRESIGN, "ocsp.live", "ocsp.responder"), HSM),
        OPENSSL: f"{FRONT}.get",
        CFSSL: f"{FRONT}.get",
        f"{FRONT}.get.{stored}": f"{FRONT}.get",
        f"{FRONT}.post.{stored}": f"{FRONT}.post",
        f"{FRONT}.p99.{stored}": f"{FRONT}.p99.{few}",
        f"{PRESIGN}.{stored}": HSM,
    }
