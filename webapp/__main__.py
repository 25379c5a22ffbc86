"""`python -m webapp`: an embedded instance. One process serves pages and runs its own jobs."""

from __future__ import annotations

import logging

from waitress import create_server

from webapp import create_app
from webapp.core.instance import Instance
from workers.embedded import EmbeddedWorker


def main() -> None:
    app = create_app()
    here: Instance = app.extensions["dgs"]
    settings = here.settings
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Slow uploads are buffered by waitress itself, so they hold no thread. It must let in bodies above our
    # own limit: the app then answers in words, with what was typed.
    server = create_server(
        app, host=settings.host, port=settings.port, threads=12, max_request_body_size=8 * settings.max_body_bytes
    )
    worker = EmbeddedWorker(app) if settings.embedded else None
    if worker is not None:
        worker.start()
    try:
        server.run()
    finally:
        server.close()
        if worker is not None:
            worker.stop()


if __name__ == "__main__":
    main()
