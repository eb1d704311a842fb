"""Who holds office, ``/office/officers``: for administrators and auditors to look over."""
