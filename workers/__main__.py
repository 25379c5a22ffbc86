"""`python -m workers`: an RQ worker; `python -m workers notices`: the one that sends notices. Any number may run.

They are two processes because no process shall both decode strangers' pictures and hold the key to addresses.
"""

from __future__ import annotations

import sys

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from webapp import create_app
from webapp.core import kick
from workers import queue


def main() -> None:
    app = create_app()
    settings = app.extensions["dgs"].settings
    connection = queue.connect(settings.redis_url)
    queue.serve(app)
    name = kick.NOTICES if sys.argv[1:] == ["notices"] else kick.QUEUE
    # No fork per job: the app is loaded once; a killed process is the outbox's lease to mend.
    SimpleWorker([kick.queue(connection, name)], connection=connection, serializer=JSONSerializer).work(
        logging_level="WARNING"
    )


if __name__ == "__main__":
    main()
