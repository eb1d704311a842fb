"""The officers' page on which an institution's representatives apply for its seal."""
