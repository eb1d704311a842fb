"""``/office/institutions`` and ``/office/lists``: institutions and their human-resources lists.

Officers' pages, as :mod:`enrollment.office` has them. Begin with ``routes.py``.
"""
