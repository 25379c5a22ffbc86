"""Making an instance's secrets: `python -m webapp.keys`. No app can start before they are there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from webapp.config import read_keys
from webapp.core.sealing import make_key_pair, make_vapid_pair


def make_keys(home: Path) -> bool:
    """Write `keys.env` into the instance folder, readable by its owner only; False if nothing was missing.

    A file that is there keeps what it holds and gets a VAPID pair if it has none, as files of before web push.
    No other key is added to it: a missing private key may have been taken away from this host on purpose.
    Losing CODE_KEY makes every tracking code useless, losing a private key makes what was sealed for it
    unreadable for ever: keep a copy apart from the backups of the database.
    """
    path = home / "keys.env"
    known = read_keys(path)
    lines = {} if known else _first()
    if not known.keys() & {"VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY"}:
        lines["VAPID_PUBLIC_KEY"], lines["VAPID_PRIVATE_KEY"] = make_vapid_pair()
    if not lines:
        return False
    home.mkdir(parents=True, exist_ok=True)
    before = path.read_text("utf-8").rstrip("\n") + "\n" if known else ""
    part = path.with_suffix(f".{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(before)
        file.writelines(f"{name}={value}\n" for name, value in lines.items())
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return True


def _first() -> dict[str, str]:
    identity, evidence = make_key_pair(), make_key_pair()
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "CODE_KEY": secrets.token_urlsafe(48),
        "IDENTITY_PUBLIC_KEY": identity[0],
        "IDENTITY_PRIVATE_KEY": identity[1],
        "EVIDENCE_PUBLIC_KEY": evidence[0],
        "EVIDENCE_PRIVATE_KEY": evidence[1],
    }


@click.command()
def main() -> None:
    """Write new secrets into DGS_HOME/keys.env, if there are none, and what it lacks for web push."""
    home = Path(os.environ.get("DGS_HOME") or "var/instance").resolve()
    made = make_keys(home)
    click.echo(f"{home / 'keys.env'}: {'written; keep a copy in a safe place' if made else 'kept as it is'}")


if __name__ == "__main__":
    main()
