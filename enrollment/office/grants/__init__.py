"""The officers' pages of grants, ``/office/grants``: what machines may enrol for."""
