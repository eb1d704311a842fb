"""The officers' search over what was issued, ``/office/issued``, and its export as CSV."""
