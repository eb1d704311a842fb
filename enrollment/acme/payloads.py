"""What goes into ACME's resources, field by field. Unknown members are ignored (Section 7.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from enrollment.acme.errors import JwsMalformed, PayloadMalformed
from enrollment.acme.jws import read_json

Text = Annotated[str, StringConstraints(max_length=2048)]
Base64Url = Annotated[str, StringConstraints(max_length=100_000)]


class Payload(BaseModel):
    """The payload of a JWS; RFC 8555, Section 7.1: what is not known is ignored."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, strict=False)


class NewAccount(Payload):
    """RFC 8555, Section 7.3."""

    contact: Annotated[tuple[Text, ...], Field(max_length=10)] = ()
    terms_agreed: bool = Field(default=False, alias="termsOfServiceAgreed")
    only_return_existing: bool = Field(default=False, alias="onlyReturnExisting")
    binding: dict[str, Any] | None = Field(default=None, alias="externalAccountBinding")


class AccountUpdate(Payload):
    """RFC 8555, Sections 7.3.2 and 7.3.6; other members are ignored."""

    contact: Annotated[tuple[Text, ...], Field(max_length=10)] | None = None
    status: str | None = None


class KeyChange(Payload):
    """The inner payload of RFC 8555, Section 7.3.5."""

    account: Text
    old_key: dict[str, Any] = Field(alias="oldKey")


class Identifier(Payload):
    """RFC 8555, Section 9.7.7."""

    type: Text
    value: Text


class NewOrder(Payload):
    """RFC 8555, Section 7.4; ``replaces`` of RFC 9773; ``profile`` of ACME profiles."""

    identifiers: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=1000)]
    not_before: AwareDatetime | None = Field(default=None, alias="notBefore")
    not_after: AwareDatetime | None = Field(default=None, alias="notAfter")
    profile: Text | None = None
    replaces: Annotated[str, StringConstraints(max_length=128)] | None = None


class NewAuthorization(Payload):
    """RFC 8555, Section 7.4.1."""

    identifier: Identifier


class AuthorizationUpdate(Payload):
    """RFC 8555, Section 7.5.2."""

    status: Literal["deactivated"]


class ChallengeAnswer(Payload):
    """RFC 8555, Section 7.5.1: an empty object."""


class Finalization(Payload):
    """RFC 8555, Section 7.4: a PKCS #10 in base64url."""

    csr: Base64Url


class RevocationRequest(Payload):
    """RFC 8555, Section 7.6."""

    certificate: Base64Url
    reason: int = Field(default=0, ge=0, le=2**31)


PayloadT = TypeVar("PayloadT", bound=Payload)


def read_payload(kind: type[PayloadT], octets: bytes) -> PayloadT:
    """Read the payload of a JWS. Raises PayloadMalformed, which names the fields."""
    try:
        document = read_json(octets)
    except JwsMalformed as error:
        raise PayloadMalformed("The payload is not valid JSON.") from error
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        # The values stay out: they may be personal data.
        found = error.errors(include_input=False, include_url=False, include_context=False)
        fields = sorted({".".join(map(str, one["loc"])) or "payload" for one in found})
        raise PayloadMalformed(
            f"The payload is not what is taken here: {', '.join(fields)}.", fields=fields
        ) from error


def rfc3339(instant: datetime) -> str:
    """Return an instant as ACME writes it (RFC 8555, Section 7.1.2; RFC 3339)."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
