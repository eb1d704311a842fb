"""What is published as files: certificates of authorities, CRLs, and answers signed ahead.

For web servers, object stores and CDNs (RFC 5280, Section 4.2.2.1; RFC 6960, Appendix A.1). Begin
with :mod:`camtrust.publishing.publisher`; where the files go is :mod:`core.publishing`'s matter,
and how a GET finds its answer is :mod:`camtrust.publishing.answer_names`'s.
"""
