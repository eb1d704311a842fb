"""The live pool: requests that need a signature, in a bounded number of threads.

A token that is slow or away keeps only these threads busy. Where there is no room, or no budget
left, or no answer to be had, the certificate's stored answer goes out without the nonce:
RFC 9919, Section 5, has clients that sent one go by time then, and Section 8.4 asks responders to
mind floods of requests.
"""

from __future__ import annotations

from collections.abc import Callable

from camtrust.serving.status.slots import Slots
from core.errors import CamtrustError, Unavailable
from ocsp.request import parse_request
from ocsp.responder import StatusAnswer
from ocsp.response import ResponseStatus
from ocsp.stored.answers import StoredAnswer
from ocsp.stored.certid import plain_request

_CANNOT = frozenset({ResponseStatus.TRY_LATER, ResponseStatus.INTERNAL_ERROR})


class LivePool:
    """Answers live within ``slots``, or with what is stored.

    ``answer`` is the full responder's; it may raise Unavailable where there is none as yet.
    """

    def __init__(
        self,
        *,
        answer: Callable[[bytes], StatusAnswer],
        slots: Slots,
        find: Callable[[bytes], StoredAnswer | None],
    ) -> None:
        self._answer = answer
        self._slots = slots
        self._find = find

    def answer(self, octets: bytes) -> StatusAnswer | None:
        """Return the responder's answer; None where there is no room for one, or no responder."""
        if not self._slots.enter():
            return None
        try:
            return self._answer(octets)
        except Unavailable:
            return None
        finally:
            self._slots.leave()

    def stored_instead(self, octets: bytes) -> StoredAnswer | None:
        """Return the stored answer for the one certificate that a request asks about.

        None where it asks about several, or nothing is stored that still holds.
        """
        try:
            request = parse_request(octets)
            if len(request.certificates) != 1:
                return None
            return self._find(plain_request(request.certificates[0].der))
        except CamtrustError:
            return None


def could_not(answer: StatusAnswer | None) -> bool:
    """Tell whether a live answer says no more than that there is none just now."""
    return answer is None or answer.status in _CANNOT
