"""PKCS #11 URIs (RFC 7512): how the settings name modules and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from hsm.errors import UriMalformed

# RFC 7512, Section 2.3: the attributes of the path that say which token, and of the query that
# say which module. Those that name objects or slots have no use in our settings.
_PATH_ATTRIBUTES = {"token", "manufacturer", "serial", "model"}
_QUERY_ATTRIBUTES = {"module-name", "module-path"}
_PIN_ATTRIBUTES = {"pin-value", "pin-source"}


@dataclass(frozen=True)
class Pkcs11Uri:
    """A parsed URI: ``token_attributes`` must all match; the module is named or given by path."""

    token_attributes: Mapping[str, str] = field(default_factory=dict)
    module_name: str | None = None
    module_path: str | None = None

    @classmethod
    def parse(cls, text: str) -> Pkcs11Uri:
        """Read a URI. Raises UriMalformed, whose message never repeats the URI."""
        scheme, colon, rest = text.partition(":")
        if not colon or scheme.lower() != "pkcs11":
            raise UriMalformed("A PKCS #11 URI begins with pkcs11: (RFC 7512).")
        path, _, query = rest.partition("?")
        # A PIN is refused wherever it stands, before anything else can quote it.
        attributes = _attributes(path, ";")
        options = _attributes(query, "&")
        if _PIN_ATTRIBUTES & (attributes.keys() | options.keys()):
            raise UriMalformed(
                "A PIN has no place in a PKCS #11 URI: say where it is with `pin` in the settings."
            )
        _check_names(attributes, _PATH_ATTRIBUTES)
        _check_names(options, _QUERY_ATTRIBUTES)
        return cls(attributes, options.get("module-name"), options.get("module-path"))


def _attributes(part: str, separator: str) -> dict[str, str]:
    result: dict[str, str] = {}
    for item in part.split(separator) if part else []:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UriMalformed("Every attribute of a PKCS #11 URI has the form name=value.")
        if name in result:
            # RFC 7512, Section 2.3: an attribute must not be present more than once.
            raise UriMalformed("An attribute stands twice in a PKCS #11 URI.")
        result[name] = _decoded(value)
    return result


def _decoded(value: str) -> str:
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UriMalformed("An attribute of a PKCS #11 URI is not UTF-8.") from error


def _check_names(attributes: Mapping[str, str], known: set[str]) -> None:
    if set(attributes) - known:
        raise UriMalformed(
            "A PKCS #11 URI names an attribute that has no use here; known are "
            + ", ".join(sorted(known))
            + "."
        )
