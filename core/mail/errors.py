"""Why a mail is not taken, or not handed on."""

from __future__ import annotations

from core.errors import Malformed, Unacceptable, Unavailable


class MailAddressMalformed(Malformed):
    """The text is no mail address that every mail server understands."""

    problem = "mail-address-malformed"
    title = "This mail address cannot be read"


class MailRefused(Unacceptable):
    """A mail holds what no mail of ours may hold: a control character, or a foreign link."""

    problem = "mail-refused"
    title = "This mail cannot be sent"


class MailServerAway(Unavailable):
    """The mail server cannot be reached or used as the settings say; mails wait for it."""

    problem = "mail-server-away"
    title = "The mail server is away"


class DeliveryDeferred(Unavailable):
    """The mail server takes this one mail not now (RFC 5321, Section 4.2.1: 4yz)."""

    problem = "mail-deferred"
    title = "The mail server takes this mail later"


class DeliveryRefused(Unacceptable):
    """The mail server will never take this one mail (RFC 5321, Section 4.2.1: 5yz)."""

    problem = "mail-delivery-refused"
    title = "The mail server refuses this mail"
