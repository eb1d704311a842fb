"""Others' ACME clients get, renew and revoke certificates that openssl verifies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509

from core.database import Database
from enrollment.grants.grant import Grant
from tests.enrollment.acme.files import files_of
from tests.enrollment.acme.serving import IDENTITY, Served, serving
from tests.enrollment.grants.world import active_grant
from tests.enrollment.world import World

NAMES = ("www.moh.gov.kh", "moh.gov.kh")
Require = Callable[[str], str]


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Iterator[Served]:
    with serving(database, tmp_path) as running:
        for name in NAMES:
            running.dns.set_a(name, "127.0.0.1")
        yield running


@pytest.fixture
def grant(served: Served) -> Grant:
    return active_grant(served.world, dns_names=NAMES, certificates_allowed=5)


def run(*command: str, ok: bool = True, **environment: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment},
    )
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == ok, said
    return said


def check_chain(served: Served, chain: Path, require: Require) -> x509.Certificate:
    """Have openssl verify the first certificate of a file with those after it."""
    told = run(
        *(require("openssl"), "verify", "-purpose", "sslserver", "-verify_hostname", NAMES[0]),
        *("-CAfile", str(served.anchor()), "-untrusted", str(chain), str(chain)),
    )
    assert told.endswith(": OK\n")
    return x509.load_pem_x509_certificates(chain.read_bytes())[0]


def standing(world: World, certificate: x509.Certificate) -> str:
    [held] = world.register.find(certificate.serial_number)
    return held.standing


def lego(
    served: Served,
    grant: Grant,
    require: Require,
    *arguments: str,
    names: tuple[str, ...] = NAMES,
    by_dns: bool = False,
) -> list[str]:
    by_http_01 = ("--http", "--http.port", f"127.0.0.1:{served.http_port}")
    by_dns_01 = ("--dns", "exec", "--dns.disable-cp", "--dns.resolvers", served.dns.resolver)
    return [
        *(require("lego"), "--server", served.directory, "--accept-tos"),
        *("--email", "webmaster@moh.gov.kh", "--path", str(served.folder / "lego")),
        *("--eab", "--kid", grant.id, "--hmac", served.hmac_key(grant)),
        *(part for name in names for part in ("--domains", name)),
        *(by_dns_01 if by_dns else by_http_01),
        *arguments,
    ]


def test_lego_by_http_01(served: Served, grant: Grant, require: Require) -> None:
    run(*lego(served, grant, require, "run"))
    chain = served.folder / "lego" / "certificates" / f"{NAMES[0]}.crt"
    first = check_chain(served, chain, require)
    run(*lego(served, grant, require, "renew", "--no-random-sleep", "--days", "365"))
    renewed = check_chain(served, chain, require)
    assert renewed.serial_number != first.serial_number
    assert renewed.public_key() != first.public_key()
    run(*lego(served, grant, require, "revoke", names=NAMES[:1]))
    assert standing(served.world, renewed) == "revoked"
    assert standing(served.world, first) == "good"


def dns_hook(served: Served, script: str) -> Path:
    """A hook that writes what stands in the zone into a folder, which our DNS server reads."""
    zone = served.folder / "zone"
    zone.mkdir()
    served.dns.read_txt_from(zone)
    hook = served.folder / "dns-hook.sh"
    hook.write_text(f"#!/bin/sh\nset -eu\nzone='{zone}'\n{script}")
    hook.chmod(0o755)
    return hook


def test_lego_by_dns_01(served: Served, grant: Grant, require: Require) -> None:
    script = (
        'name="${2%.}"; file="$zone/$name"\n'
        'case "$1" in present) echo "$3" >> "$file";; cleanup) rm -f "$file";; esac\n'
    )
    hook = dns_hook(served, script)
    run(
        *lego(served, grant, require, "run", by_dns=True),
        EXEC_PATH=str(hook),
        EXEC_SEQUENCE_INTERVAL="1",
    )
    check_chain(served, served.folder / "lego" / "certificates" / f"{NAMES[0]}.crt", require)
    asked = set(served.dns.queries)
    assert {(f"_acme-challenge.{name}", "TXT") for name in NAMES} <= asked


def test_dehydrated_by_dns_01(served: Served, grant: Grant, require: Require) -> None:
    script = (
        '[ "$1" = deploy_challenge ] || [ "$1" = clean_challenge ] || exit 0\n'
        'file="$zone/_acme-challenge.$2"\n'
        'case "$1" in deploy_challenge) echo "$4" >> "$file";; *) rm -f "$file";; esac\n'
    )
    hook = dns_hook(served, script)
    home = served.folder / "dehydrated"
    home.mkdir()
    (home / "config").write_text(
        f"CA={served.directory}\nBASEDIR={home}\nCHALLENGETYPE=dns-01\nHOOK={hook}\n"
        f"EAB_KID={grant.id}\nEAB_HMAC_KEY={served.hmac_key(grant)}\n"
        "KEY_ALGO=prime256v1\nCONTACT_EMAIL=webmaster@moh.gov.kh\n"
    )
    common = [require("dehydrated"), "--config", str(home / "config")]
    run(*common, "--register", "--accept-terms")
    run(*common, "--cron", *(part for name in NAMES for part in ("--domain", name)))
    check_chain(served, home / "certs" / NAMES[0] / "fullchain.pem", require)


def test_lego_is_refused_where_caa_names_another(
    served: Served, grant: Grant, require: Require
) -> None:
    served.dns.set_caa("moh.gov.kh", (0, "issue", "other.example"))
    said = run(*lego(served, grant, require, "run"), ok=False)
    assert "urn:ietf:params:acme:error:caa" in said
    served.dns.set_caa("moh.gov.kh", (0, "issue", IDENTITY))
    run(*lego(served, grant, require, "run"))


def test_lego_with_the_key_of_no_grant_is_refused(
    served: Served, grant: Grant, require: Require
) -> None:
    served.world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    assert "unauthorized" in run(*lego(served, grant, require, "run"), ok=False)


def test_uacme_by_http_01(served: Served, grant: Grant, require: Require) -> None:
    web = served.folder / "web"
    hook = served.folder / "hook.sh"
    hook.write_text(
        "#!/bin/sh\n"
        '[ "$2" = http-01 ] || exit 1\n'
        f'folder="{web}/.well-known/acme-challenge"; mkdir -p "$folder"\n'
        'case "$1" in begin) printf %s "$5" > "$folder/$4";; *) rm -f "$folder/$4";; esac\n'
    )
    hook.chmod(0o755)
    web.mkdir()
    with files_of(web, served.http_port):
        common = [
            *(require("uacme"), "-v", "-a", served.directory, "-y"),
            *("-c", str(served.folder / "uacme"), "-h", str(hook), "-t", "EC"),
        ]
        run(*common, "-e", f"{grant.id}:{served.hmac_key(grant)}", "new")
        run(*common, "issue", *NAMES)
        chain = served.folder / "uacme" / NAMES[0] / "cert.pem"
        first = check_chain(served, chain, require)
        run(*common, "-f", "issue", *NAMES)
        renewed = check_chain(served, chain, require)
        assert renewed.serial_number != first.serial_number
        run(*common, "revoke", str(chain))
        assert standing(served.world, renewed) == "revoked"


def test_certbot_by_http_01(served: Served, grant: Grant, require: Require) -> None:
    web, home = served.folder / "web", served.folder / "certbot"
    web.mkdir()
    folders = [
        part for name in ("config", "work", "logs") for part in (f"--{name}-dir", str(home / name))
    ]
    common = [require("certbot"), "--non-interactive", *folders]
    with files_of(web, served.http_port):
        run(
            *(*common, "certonly", "--server", served.directory, "--agree-tos"),
            *("--email", "webmaster@moh.gov.kh", "--no-eff-email"),
            *("--eab-kid", grant.id, "--eab-hmac-key", served.hmac_key(grant)),
            *("--webroot", "--webroot-path", str(web)),
            *(part for name in NAMES for part in ("-d", name)),
        )
        chain = home / "config" / "live" / NAMES[0] / "fullchain.pem"
        first = check_chain(served, chain, require)
        run(*common, "renew", "--force-renewal", "--no-random-sleep-on-renew")
        renewed = check_chain(served, chain, require)
        assert renewed.serial_number != first.serial_number
        run(
            *(*common, "revoke", "--server", served.directory, "--no-delete-after-revoke"),
            *("--cert-path", str(chain), "--reason", "superseded"),
        )
        assert standing(served.world, renewed) == "revoked"


def test_dehydrated_by_http_01(served: Served, grant: Grant, require: Require) -> None:
    web, home = served.folder / "web", served.folder / "dehydrated"
    web.mkdir()
    home.mkdir()
    challenges = web / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (home / "config").write_text(
        f"CA={served.directory}\nBASEDIR={home}\nWELLKNOWN={challenges}\n"
        f"EAB_KID={grant.id}\nEAB_HMAC_KEY={served.hmac_key(grant)}\n"
        "KEY_ALGO=prime256v1\nCONTACT_EMAIL=webmaster@moh.gov.kh\n"
    )
    common = [require("dehydrated"), "--config", str(home / "config")]
    with files_of(web, served.http_port):
        run(*common, "--register", "--accept-terms")
        names = [part for name in NAMES for part in ("--domain", name)]
        run(*common, "--cron", *names)
        chain = home / "certs" / NAMES[0] / "fullchain.pem"
        first = check_chain(served, chain, require)
        run(*common, "--cron", "--force", *names)
        renewed = check_chain(served, chain, require)
        assert renewed.serial_number != first.serial_number
        run(*common, "--revoke", str(home / "certs" / NAMES[0] / "cert.pem"))
        assert standing(served.world, renewed) == "revoked"
