"""django-ca as a subject: issues through its own API from a key in a PKCS#11 token.

Runs inside django-ca's own environment (requirements/bench-peers.txt), so it imports nothing of
camtrust. The first line on standard input is the configuration, every further line a question;
each is answered with one line of JSON (the protocol of :mod:`bench.subject`).
"""

import json
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import django  # type: ignore[import-not-found]
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.conf import settings  # type: ignore[import-not-found]
from django.core.management import call_command  # type: ignore[import-not-found]

LIFETIME = timedelta(days=365)

# django-ca derives the addresses in its certificates from the project's URL patterns.
URLS = ModuleType("urls")


def configure(folder: Path, module: str, token: str, pin: str) -> None:
    """Set django-ca up as its documentation says, on SQLite as durable as camtrust's."""
    settings.configure(
        SECRET_KEY="for-this-benchmark-only",  # noqa: S106 - no one signs in here
        USE_TZ=True,
        ROOT_URLCONF=URLS,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_ca"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "django-ca.db",
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                },
            }
        },
        CA_DEFAULT_HOSTNAME="ca.example.com",
        CA_KEY_BACKENDS={
            "default": {
                "BACKEND": "django_ca.key_backends.hsm.HSMBackend",
                "OPTIONS": {"library_path": module, "token": token, "user_pin": pin},
            }
        },
    )
    django.setup()
    from django.urls import include, path  # type: ignore[import-not-found]

    URLS.urlpatterns = [path("ca/", include("django_ca.urls"))]  # type: ignore[attr-defined]
    call_command("migrate", verbosity=0)


def found_authority(label: str) -> Any:
    """Make a P-256 key in the token and a certification authority of it, by django-ca's API."""
    from django_ca.key_backends import key_backends  # type: ignore[import-not-found]
    from django_ca.models import CertificateAuthority  # type: ignore[import-not-found]

    backend = key_backends["default"]
    options = backend.get_create_private_key_options(
        "EC", None, "secp256r1", {"key_label": label, "so_pin": None, "user_pin": None}
    )
    return CertificateAuthority.objects.init(
        name=label,
        key_backend=backend,
        key_backend_options=options,
        key_type="EC",
        algorithm=hashes.SHA256(),
        subject=_name("KH", "Benchmark authority"),
        not_after=datetime.now(tz=UTC) + 10 * LIFETIME,
        path_length=0,
    )


def issue(authority: Any, count: int, *, session_held: bool) -> dict[str, object]:
    """Issue ``count`` certificates; with ``session_held`` its token session stays open between.

    As it stands, django-ca logs in and out of the token for every signature; one session held
    open around them is what a patient operator could make of it.
    """
    from django_ca.models import Certificate
    from django_ca.profiles import profiles  # type: ignore[import-not-found]

    backend = authority.key_backend
    options = backend.get_use_private_key_options(authority, {})
    requests = _requests(count)
    held = backend.session(options.so_pin, options.user_pin) if session_held else nullcontext()
    with held:
        wall, cpu = time.perf_counter(), time.process_time()
        for request, name in requests:
            last = Certificate.objects.create_cert(
                authority, options, request, profiles["client"], subject=name
            )
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    last.pub.loaded.verify_directly_issued_by(authority.pub.loaded)
    return {
        "count": count,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "stored": Certificate.objects.count(),
        "extensions": len(last.pub.loaded.extensions),
        "octets": len(last.pub.loaded.public_bytes(Encoding.DER)),
    }


def _requests(count: int) -> list[tuple[x509.CertificateSigningRequest, x509.Name]]:
    made = []
    for number in range(count):
        name = _name("KH", f"Subject {number}")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        made.append((builder.sign(key, hashes.SHA256()), name))
    return made


def _name(country: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _answer(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


def main() -> None:
    """Read the configuration, make the authority, then answer questions until the input ends."""
    configuration = json.loads(sys.stdin.readline())
    folder = Path(configuration["folder"])
    configure(
        folder,
        configuration["module"],
        configuration["token"],
        Path(configuration["pin_file"]).read_text().strip(),
    )
    authority = found_authority(configuration["label"])
    import django_ca  # type: ignore[import-not-found]

    _answer({"ready": True, "version": django_ca.__version__})
    for line in sys.stdin:
        question = json.loads(line)
        _answer(issue(authority, question["count"], session_held=question["session_held"]))


if __name__ == "__main__":
    main()
