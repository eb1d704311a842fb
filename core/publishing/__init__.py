"""Files for any web server, object store or CDN: put in place whole, and never an older one.

Begin with :mod:`core.publishing.target`, the port. :mod:`core.publishing.folder` keeps files in a
folder, :mod:`core.publishing.object_store` objects in a bucket that speaks the S3 protocol. What is
published, and under which names, is decided above.
"""
