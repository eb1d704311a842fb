"""Why another's server was not reached, in words for the one who has to mend it."""

from __future__ import annotations

from typing import Literal

from core.errors import Unacceptable

# ``connection``: nothing was reached, or nothing that may be; ``dns``: a look-up failed;
# ``response``: what came is no answer.
Failure = Literal["connection", "dns", "response"]


class NotReached(Unacceptable):
    """A server that somebody named was not reached, may not be, or gave no usable answer."""

    problem = "not-reached"
    title = "The other server was not reached"

    def __init__(self, failure: Failure, detail: str, **data: object) -> None:
        super().__init__(detail, kept=None, **data)
        self.failure: Failure = failure
