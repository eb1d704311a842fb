"""What the OpenAPI description says of the token endpoint and of the metadata."""

from __future__ import annotations

from typing import Any

from core.web.forms import FORM

CLIENT_CREDENTIALS = "client_credentials"
# RFC 7523, Section 2.2.
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_STRING = {"type": "string"}
TOKEN_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "title": "TokenRequest",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"const": CLIENT_CREDENTIALS, "type": "string"},
                    "scope": {
                        "type": "string",
                        "description": "Of what was granted, only this; separated by spaces.",
                    },
                    "client_id": {"type": "string"},
                    "client_assertion_type": {"const": JWT_BEARER, "type": "string"},
                    "client_assertion": {
                        "type": "string",
                        "description": "A JWT that the client signed; iss and sub are its id.",
                    },
                },
            },
            "example": {
                "grant_type": CLIENT_CREDENTIALS,
                "scope": "application:submit application:read-own",
                "client_assertion_type": JWT_BEARER,
                "client_assertion": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTlh….MEUCIQ…",
            },
        }
    },
}
_OAUTH_ERROR = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "title": "TokenRefusal",
                "required": ["error", "error_description", "error_uri"],
                "properties": {
                    "error": _STRING,
                    "error_description": _STRING,
                    "error_uri": {"type": "string", "format": "uri"},
                },
            }
        }
    }
}
TOKEN_RESPONSES: dict[int, Any] = {
    200: {
        "description": "The token (RFC 6749, Section 5.1).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "title": "Token",
                    "required": ["access_token", "token_type", "expires_in", "scope"],
                    "properties": {
                        "access_token": _STRING,
                        "token_type": {"const": "Bearer", "type": "string"},
                        "expires_in": {"type": "integer", "description": "Seconds."},
                        "scope": _STRING,
                    },
                }
            }
        },
    },
    400: {"description": "`invalid_request`, `invalid_scope` or another (RFC 6749)."}
    | _OAUTH_ERROR,
    401: {"description": "`invalid_client`"} | _OAUTH_ERROR,
}
METADATA_RESPONSES: dict[int, Any] = {
    200: {
        "description": "The metadata of RFC 8414, Section 2.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "title": "AuthorizationServerMetadata",
                    "required": ["issuer", "token_endpoint", "response_types_supported"],
                }
            }
        },
    }
}
