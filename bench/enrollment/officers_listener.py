"""The officers' listener on a port of loopback, as it stands behind its TLS front.

What the front would add, the client adds: the certificate's header. TLS is not what is measured.
"""

from __future__ import annotations

from bench.enrollment.one_worker import serve_one_worker

if __name__ == "__main__":
    serve_one_worker("camtrust.serving.processes:officers_app")
