"""Why a sign-in with a provider does not come to its end."""

from __future__ import annotations

from core.errors import Forbidden, NotFound, Unauthenticated, Unavailable


class ProviderNotConfigured(NotFound):
    """The settings name no OpenID provider, so this way of signing in is not offered."""

    problem = "provider-not-configured"
    title = "This way to sign in is not offered"


class ProviderUnavailable(Unavailable):
    """The OpenID provider did not answer, or not in time, or not as the standard says."""

    problem = "provider-unavailable"
    title = "The sign-in provider is away"


class ProviderAnswerRefused(Unauthenticated):
    """What came back from the provider is not an answer to this browser's own question."""

    problem = "provider-answer-refused"
    title = "The provider's answer does not fit"


class ProviderSaidNo(Unauthenticated):
    """The provider did not let the person in, or they turned back."""

    problem = "provider-said-no"
    title = "The provider did not sign you in"


class PersonNotKnown(Forbidden):
    """Who signed in is on no institution's list, so there is nothing here to open."""

    problem = "person-not-known"
    title = "Nobody registered you here yet"
