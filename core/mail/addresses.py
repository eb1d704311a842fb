"""Mail addresses, as every mail server understands them."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from core.mail.errors import MailAddressMalformed

# RFC 5321, Sections 4.5.3.1.1 and 4.5.3.1.3: a local part has at most 64 octets, a path 256, its
# brackets included.
LONGEST_LOCAL_PART = 64
LONGEST_ADDRESS = 254


def mail_address(text: str) -> str:
    """Return an address in ASCII: an international domain in its A-labels (RFC 5890).

    Nobody is asked whether it exists. Raises MailAddressMalformed for anything that is no
    addr-spec of RFC 5322, Section 3.4.1, and for a local part beyond ASCII, which only some
    servers take (RFC 6531).
    """
    try:
        checked = validate_email(
            text,
            check_deliverability=False,
            # Whether a top-level domain is in use is not ours to say; the dot is asked for below.
            globally_deliverable=False,
            allow_smtputf8=False,
        )
    except EmailNotValidError as error:
        raise MailAddressMalformed("This is no mail address.") from error
    address = checked.ascii_email
    if address is None or "." not in checked.ascii_domain or _is_too_long(address):
        raise MailAddressMalformed("This is no mail address.")
    return address


def _is_too_long(address: str) -> bool:
    local = address.rpartition("@")[0]
    return len(address) > LONGEST_ADDRESS or len(local) > LONGEST_LOCAL_PART


def masked_address(address: str) -> str:
    """Return an address as a person recognizes it and nobody else can write to it: ``d…@x.kh``."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
