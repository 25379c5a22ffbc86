"""The least that could be done, as its own gunicorn serves it: Flask and psycopg, one route for each kind of work.

Started by `_served.floor`; the database's address comes in FLOOR_DATABASE.
"""

from __future__ import annotations

import os

import psycopg
from flask import Flask, request

COLUMNS = (
    *("public_id", "client_key", "code_hash", "version", "category", "description", "observed_at", "lang", "channel"),
    *("lon", "lat", "accuracy", "place_source", "place_text", "area_code", "province_code", "bypass_commune"),
    *("created_at", "status", "updated_at"),
)
UNIQUE = {"public_id", "client_key", "code_hash"}
TABLE = "CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY, {})".format(
    ", ".join(f"{name} text{' UNIQUE' if name in UNIQUE else ''}" for name in COLUMNS)
)
INSERT = f"INSERT INTO floor ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"
NEAR = (
    "SELECT id, status, ST_X(public_location), ST_Y(public_location) FROM reports"
    " WHERE public_location && ST_MakeEnvelope(%s, %s, %s, %s, 4326) LIMIT 100"
)

app = Flask("floor")
_connections: list[psycopg.Connection] = []


def connection() -> psycopg.Connection:
    """One connection for each process: the floor is asked one thing at a time."""
    if not _connections:
        _connections.append(psycopg.connect(os.environ["FLOOR_DATABASE"]))
    return _connections[0]


@app.get("/healthz")
@app.get("/")
def empty() -> str:
    return "ok"


@app.post("/report")
def create() -> str:
    connection().execute(INSERT, [request.form.get(name) for name in COLUMNS])
    connection().commit()
    return "ok"


@app.get("/near")
def near() -> dict[str, object]:
    box = [float(request.args[name]) for name in ("w", "s", "e", "n")]
    rows = connection().execute(NEAR, box).fetchall()
    connection().rollback()
    return {"found": rows}
