"""`python -m workers`: an RQ worker. Any number of them may run."""

from __future__ import annotations

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
    # No fork per job: the app is loaded once; a killed process is the outbox's lease to mend.
    SimpleWorker([kick.queue(connection)], connection=connection, serializer=JSONSerializer).work(
        logging_level="WARNING"
    )


if __name__ == "__main__":
    main()
