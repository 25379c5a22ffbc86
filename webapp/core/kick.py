"""Waking workers through Redis. A message carries a job's id and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "dgs"
NOTICES = "dgs-notices"  # its worker holds the key to addresses, the other one decodes strangers' pictures
FUNCTION = "workers.queue.run"  # a name: the web never imports the workers
JOB_TIMEOUT = 240  # seconds, below outbox.LEASE


def queue(connection: Redis, name: str = QUEUE) -> Queue:
    """A queue of the instance."""
    return Queue(name, connection=connection, serializer=JSONSerializer)


def through(connection: Redis, name: str = QUEUE) -> Callable[[list[int]], None]:
    """A kick for `outbox.set_kick`. It raises a redis error where Redis is away; the sweep makes up for it."""
    waiting = queue(connection, name)

    def kick(job_ids: list[int]) -> None:
        with connection.pipeline() as once:
            for job_id in job_ids:
                waiting.enqueue(
                    FUNCTION, job_id, job_timeout=JOB_TIMEOUT, result_ttl=0, failure_ttl=3600, pipeline=once
                )
            once.execute()

    return kick
