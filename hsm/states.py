"""The life of a key (NIST SP 800-57 Part 1 Rev. 5, Section 7)."""

from __future__ import annotations

from hsm.errors import KeyStateRefused
from hsm.keys import KeyState

# Section 7, Figure 3: the transitions that exist. A key's death is irrevocable, and so is the
# loss of its secrecy: from compromised the only way is to be destroyed.
TRANSITIONS: dict[KeyState, frozenset[KeyState]] = {
    KeyState.PRE_ACTIVE: frozenset({KeyState.ACTIVE, KeyState.COMPROMISED, KeyState.DESTROYED}),
    KeyState.ACTIVE: frozenset(
        {
            KeyState.SUSPENDED,
            KeyState.DEACTIVATED,
            KeyState.COMPROMISED,
            KeyState.DESTROYED,
        }
    ),
    KeyState.SUSPENDED: frozenset(
        {
            KeyState.ACTIVE,
            KeyState.DEACTIVATED,
            KeyState.COMPROMISED,
            KeyState.DESTROYED,
        }
    ),
    KeyState.DEACTIVATED: frozenset({KeyState.COMPROMISED, KeyState.DESTROYED}),
    KeyState.COMPROMISED: frozenset({KeyState.DESTROYED}),
    KeyState.DESTROYED: frozenset(),
}


def check_transition(before: KeyState, after: KeyState) -> None:
    """Raise KeyStateRefused unless a key may go from ``before`` to ``after``."""
    if after not in TRANSITIONS[before]:
        raise KeyStateRefused(
            f"A key that is {before} cannot become {after}.",
            kept=f"It is still {before}.",
            state=before.value,
        )
