"""Institutions keep their registered documents over the API: show, publish, hide, withdraw."""
