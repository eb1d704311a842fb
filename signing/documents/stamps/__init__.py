"""Visible stamps: what a signature looks like on the page, in Khmer and English.

A stamp is composed before anything is signed, so that a text that does not fit is refused while
the input is unharmed: ``template.py`` (where, which layout) and ``content.py`` (what it says) go
into ``composition.py``, which yields a composition; ``placement.py`` finds the rectangle on the
page; ``appearance.py`` draws it as the appearance of a signature field (ISO 32000-2, 12.5.5), in
pyHanko's terms a stamp style. ``shaping.py`` is where Khmer becomes glyphs. Begin reading with
``stamping.py``, which does all of it for one document.
"""
