"""Waking workers through Redis. A message carries jobs' ids and nothing else."""

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


def channel(name: str) -> str:
    """Where the relay listens for jobs of a queue."""
    return f"{name}:due"


def call(connection: Redis, name: str = QUEUE) -> Callable[[list[int]], None]:
    """A kick for `outbox.set_kick`: tells the relay, which fills the queue. To queue a job costs a web process four
    times as much as to say its number. It raises a redis error where Redis is away; the sweep makes up for it."""
    said = channel(name)

    def kick(job_ids: list[int]) -> None:
        connection.publish(said, ",".join(map(str, job_ids)))

    return kick


def heard(message: bytes) -> list[int]:
    """The ids that a message of `call` names."""
    return [int(number) for number in message.split(b",")]


def through(connection: Redis, name: str = QUEUE) -> Callable[[list[int]], None]:
    """Puts jobs into a queue. Raises a redis error where Redis is away."""
    waiting = queue(connection, name)

    def kick(job_ids: list[int]) -> None:
        with connection.pipeline() as once:
            for job_id in job_ids:
                waiting.enqueue(
                    FUNCTION, job_id, job_timeout=JOB_TIMEOUT, result_ttl=0, failure_ttl=3600, pipeline=once
                )
            once.execute()

    return kick
