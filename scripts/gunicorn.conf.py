"""How the production web process serves. Addresses come from the same settings as everywhere else.

Behind a proxy that takes in the whole request first: a phone on a weak signal uploads for minutes, and a
thread held for that long is a thread nobody else gets.
"""

import gc
from pathlib import Path
from typing import Any

from webapp.config import Settings

_settings = Settings.from_env()

bind = f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = 2
preload_app = True  # loaded once, before the processes part: what they only read they share
threads = 8
timeout = 60
graceful_timeout = 30
keepalive = 5
max_requests = 5000  # a leak in a decoder is then a leak of an hour, not of a month
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn's own heartbeat files
accesslog = None  # who asked for which tracking code is nobody's to keep
errorlog = "-"
loglevel = _settings.log_level.lower()
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """What has been loaded stays: the collector must not write into pages of memory that all processes share."""
    gc.collect()
    gc.freeze()
