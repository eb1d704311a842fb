"""Documents: signed (PDFs by PAdES, other files by a detached CAdES signature), stamped, validated.

ETSI EN 319 142-1 (PAdES baseline B-B to B-LTA), ETSI EN 319 122-1 (CAdES), ISO 32000-2,
Section 12.8. Begin with ``signing.py``: the steps of a signature on a PDF, from a stranger's bytes
to a file that is whole or not there. ``ports.py`` says what is needed from elsewhere: who signs,
who stamps the time, who knows certificates' standing. :mod:`signing.documents.stamps.stamping` is
what is seen of a signature, :mod:`signing.documents.validation.validator` how one is judged.
"""
