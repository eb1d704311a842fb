"""The officers' pages about batches: look through, approve or refuse as a whole."""
