"""Making an instance's secrets: `python -m webapp.keys`. No app can start before they are there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from webapp.config import read_keys
from webapp.core.sealing import make_key_pair, make_vapid_pair


def make_keys(home: Path) -> bool:
    """Write `keys.env` into the instance folder, readable by its owner only; False if it is there already.

    Losing CODE_KEY makes every tracking code useless, losing a private key makes what was sealed for it
    unreadable for ever: keep a copy apart from the backups of the database.
    """
    path = home / "keys.env"
    if read_keys(path):
        return False
    home.mkdir(parents=True, exist_ok=True)
    identity, evidence, vapid = make_key_pair(), make_key_pair(), make_vapid_pair()
    lines = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "CODE_KEY": secrets.token_urlsafe(48),
        "IDENTITY_PUBLIC_KEY": identity[0],
        "IDENTITY_PRIVATE_KEY": identity[1],
        "EVIDENCE_PUBLIC_KEY": evidence[0],
        "EVIDENCE_PRIVATE_KEY": evidence[1],
        "VAPID_PUBLIC_KEY": vapid[0],
        "VAPID_PRIVATE_KEY": vapid[1],
    }
    part = path.with_suffix(f".{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return True


@click.command()
def main() -> None:
    """Write new secrets into DGS_HOME/keys.env, if there are none."""
    home = Path(os.environ.get("DGS_HOME") or "var/instance").resolve()
    made = make_keys(home)
    click.echo(f"{home / 'keys.env'}: {'written; keep a copy in a safe place' if made else 'kept as it is'}")


if __name__ == "__main__":
    main()
