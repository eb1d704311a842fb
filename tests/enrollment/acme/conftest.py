from __future__ import annotations

import pytest

from enrollment.acme.validation import Validation


@pytest.fixture
def no_caa(monkeypatch: pytest.MonkeyPatch) -> None:
    """No DNS of a test is asked; that CAA is asked is tested with clients."""
    monkeypatch.setattr(Validation, "check_caa", lambda *_args, **_words: None)
