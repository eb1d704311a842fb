"""nginx, as it is measured: one worker on the servers' core, connections kept alive, no log."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

# What deploy/nginx/published.conf advises stands before the http block.
# wrk never closes a connection by itself; Debian's nginx would after 1,000 requests.
_WHOLE = """\
daemon off;
user @USER;
worker_processes 1;
worker_rlimit_nofile 65536;
pcre_jit on;
pid @FOLDER/nginx.pid;
error_log stderr error;

events {
    worker_connections 2048;
}

http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path @FOLDER/body;
    proxy_temp_path @FOLDER/proxy;
    fastcgi_temp_path @FOLDER/fastcgi;
    uwsgi_temp_path @FOLDER/uwsgi;
    scgi_temp_path @FOLDER/scgi;
@INSIDE
}
"""

# How nginx is told to send files. Debian's nginx.conf has FILES_AS_DEBIAN; FILES_PLAIN is faster
# for files as small as answers.
FILES_AS_DEBIAN = "sendfile on; tcp_nopush on;"
FILES_PLAIN = "sendfile off;"

_STATIC = """\
    @FILES
    open_file_cache max=100000 inactive=10m;
    open_file_cache_valid 10m;
    types { }
    default_type application/ocsp-response;
    server {
        listen 127.0.0.1:@PORT;
        root @FOLDER;
    }
"""


def whole_configuration(folder: Path, inside: str) -> str:
    """Return a whole nginx.conf that keeps to ``folder``; ``inside`` stands in its http block."""
    return (
        _WHOLE.replace("@INSIDE", inside)
        .replace("@USER", working_user())
        .replace("@FOLDER", str(folder))
    )


def static_configuration(folder: Path, port: int, *, files: str = FILES_AS_DEBIAN) -> str:
    """Return the nginx.conf of a server of the files below ``folder``."""
    inside = _STATIC.replace("@PORT", str(port)).replace("@FOLDER", str(folder))
    inside = inside.replace("@FILES", files)
    return whole_configuration(folder, inside)


def working_user() -> str:
    """Return whom nginx works as: started by root it would be nobody, who may not enter."""
    return f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"
