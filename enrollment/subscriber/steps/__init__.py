"""The steps from the list to a submitted application; begin with ``routes.py``."""
