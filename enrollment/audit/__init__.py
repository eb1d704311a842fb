"""What officers did, for those who look after them: each act with its entry in the log.

Acts that have no table of their own (an export, a service at the counter) are recorded by
``acts.py``. ``ledger.py`` reads the log and opens its commitments with the salts of the tables;
begin there. ``routes.py`` shows it under ``/office/audit``, and changes nothing.
"""

from pathlib import Path

TEXTS = Path(__file__).parent / "locale"
