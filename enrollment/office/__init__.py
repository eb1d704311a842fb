"""The officers' pages, ``/office/``: what waits for an officer, and what there is.

They do what the API does, with the same classes beneath, for people with a browser: without
scripts, in Khmer and in English. Begin with ``routes.py``; the texts stand in the templates, in
English, and their Khmer in ``locale/km.po``.
"""
