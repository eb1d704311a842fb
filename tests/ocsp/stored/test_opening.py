"""The store that the settings name is the one that is opened."""

from __future__ import annotations

from pathlib import Path

from camtrust.wiring import Services


def test_a_home_keeps_its_answers_in_its_own_folder(home: Path) -> None:
    services = Services(home=home)
    services.answer_store.set_value("name", b"value")
    services.close()
    assert (home / "answers").is_dir()
    again = Services(home=home)
    assert again.answer_store.value("name") == b"value"
    again.close()
