"""One frozen settings object; the only place that reads the environment.

An instance is described by URLs, never by a mode: an embedded one (nothing set but `DGS_HOME`) uses SQLite,
files and a thread for its jobs; a production one names PostGIS, Redis and object storage. Secrets come from
the environment or from `keys.env` in the instance folder (`python -m webapp.keys` writes it).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geo.pmtiles import Archive, BadArchive

OWN_TILES = "/map/base/{z}/{x}/{y}"

KEY_NAMES = (
    "SECRET_KEY",
    "CODE_KEY",
    "IDENTITY_PUBLIC_KEY",
    "IDENTITY_PRIVATE_KEY",
    "EVIDENCE_PUBLIC_KEY",
    "EVIDENCE_PRIVATE_KEY",
    "VAPID_PUBLIC_KEY",
    "VAPID_PRIVATE_KEY",
)

# The push services of the browsers; a leading dot stands for any host below. An endpoint comes from the page, so
# anything else could make the notifier call a machine of the operator's own network.
_PUSH_HOSTS = "fcm.googleapis.com,updates.push.services.mozilla.com,.push.apple.com,.notify.windows.com"

_LICENCE = "Creative Commons Attribution 4.0 International (CC BY 4.0)"
_LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"


class UnsafeSettings(RuntimeError):
    """The instance would start in a way that endangers its users; the message says what to set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an instance can be told. Sizes in bytes, times in seconds unless the name says otherwise."""

    home: Path
    database_url: str
    redis_url: str  # empty: jobs run on a thread of the web process
    storage_url: str
    public_url: str
    host: str
    port: int

    secret_key: str  # signs sessions and forms; may be rotated
    code_key: str  # derives tracking codes; must never change
    identity_public_key: str
    identity_private_key: str  # empty where a process must not read identities
    evidence_public_key: str
    evidence_private_key: str

    # Notices. What is a secret here belongs to the notifier alone (`scripts/stack.py`).
    vapid_public_key: str = ""  # empty: no web push
    vapid_private_key: str = ""
    push_hosts: tuple[str, ...] = ()
    mail_url: str = "console://"
    mail_from: str = ""  # empty: no e-mail
    sms_url: str = ""  # empty: no SMS
    sms_token: str = ""
    zalo_url: str = ""
    zalo_token: str = ""

    # Staff. A second factor may be left off only where nobody else can reach the instance.
    second_factor: bool = True
    staff_session_hours: int = 12  # then one signs in again
    staff_idle_minutes: int = 60  # without opening any page
    oidc_issuer: str = ""  # empty: no sign-in through another service
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = ""  # what the button calls that service

    demo: bool = False
    tile_url: str = ""
    basemap_file: str = ""  # a PMTiles archive of raster tiles, served by us; then `tile_url` is our own
    tile_attribution: str = ""
    tiles_kept_s: int = 2  # how long a web process may say a map tile again; 0: not at all
    open311_keys: tuple[str, ...] = ()  # the operator's own programs, without a limit; others: `flask api-keys`
    open311_reads_per_minute: int = 600  # by one network without a key; 0: no limit
    # What open data may be used for is the operator's choice.
    open_data_licence: str = _LICENCE
    open_data_licence_url: str = _LICENCE_URL
    open_data_keep: int = 14  # versions
    controller_name: str = ""  # who answers for personal data; shown on /privacy
    controller_contact: str = ""
    quick_exit_url: str = "https://www.google.com/"  # where the quick exit leads: a page that says nothing
    reports_per_hour: int = 60  # new reports from one network; 0: no limit
    max_photos: int = 6
    max_photo_bytes: int = 20 * 1024 * 1024
    max_clips: int = 2
    max_clip_bytes: int = 50 * 1024 * 1024
    max_voice: int = 2
    max_voice_bytes: int = 10 * 1024 * 1024
    max_body_bytes: int = 64 * 1024 * 1024
    log_level: str = "INFO"
    proxies: int = 0  # reverse proxies in front whose X-Forwarded-* may be believed

    @property
    def embedded(self) -> bool:
        """True where this process drains its own jobs."""
        return not self.redis_url

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read settings from `environ` (default: the process's), filled up from `DGS_HOME/keys.env`.

        Raises UnsafeSettings if a secret is missing or weak, or if an instance that others can reach
        over the network is set up as the demo.
        """
        env = dict(os.environ if environ is None else environ)
        home = Path(env.get("DGS_HOME") or "var/instance").resolve()
        for name, value in read_keys(home / "keys.env").items():
            env.setdefault(name, value)
        port = _number(env, "PORT", 8000)
        host = env.get("HOST") or "127.0.0.1"
        settings = cls(
            home=home,
            database_url=_database_url(env.get("DATABASE_URL") or f"sqlite:///{home / 'dgs.sqlite'}"),
            redis_url=env.get("REDIS_URL", ""),
            storage_url=env.get("STORAGE_URL") or (home / "storage").as_uri(),
            public_url=(env.get("PUBLIC_URL") or f"http://{host}:{port}").rstrip("/"),
            host=host,
            port=port,
            secret_key=env.get("SECRET_KEY", ""),
            code_key=env.get("CODE_KEY", ""),
            identity_public_key=env.get("IDENTITY_PUBLIC_KEY", ""),
            identity_private_key=env.get("IDENTITY_PRIVATE_KEY", ""),
            evidence_public_key=env.get("EVIDENCE_PUBLIC_KEY", ""),
            evidence_private_key=env.get("EVIDENCE_PRIVATE_KEY", ""),
            vapid_public_key=env.get("VAPID_PUBLIC_KEY", ""),
            vapid_private_key=env.get("VAPID_PRIVATE_KEY", ""),
            push_hosts=tuple(h for h in (env.get("PUSH_HOSTS") or _PUSH_HOSTS).split(",") if h),
            mail_url=env.get("MAIL_URL") or "console://",
            mail_from=env.get("MAIL_FROM", ""),
            sms_url=env.get("SMS_URL", ""),
            sms_token=env.get("SMS_TOKEN", ""),
            zalo_url=env.get("ZALO_URL", ""),
            zalo_token=env.get("ZALO_TOKEN", ""),
            second_factor=_second_factor(env),
            staff_session_hours=_number(env, "STAFF_SESSION_HOURS", 12),
            staff_idle_minutes=_number(env, "STAFF_IDLE_MINUTES", 60),
            oidc_issuer=env.get("OIDC_ISSUER", "").rstrip("/"),
            oidc_client_id=env.get("OIDC_CLIENT_ID", ""),
            oidc_client_secret=env.get("OIDC_CLIENT_SECRET", ""),
            oidc_name=env.get("OIDC_NAME", ""),
            demo=_demo(env),
            tile_url=env.get("TILE_URL") or (OWN_TILES if env.get("BASEMAP_FILE") else ""),
            basemap_file=env.get("BASEMAP_FILE", ""),
            tile_attribution=env.get("TILE_ATTRIBUTION", ""),
            open311_keys=tuple(k for k in env.get("OPEN311_KEYS", "").split(",") if k),
            open311_reads_per_minute=_number(env, "OPEN311_READS_PER_MINUTE", 600),
            open_data_licence=env.get("OPEN_DATA_LICENCE") or _LICENCE,
            open_data_licence_url=env.get("OPEN_DATA_LICENCE_URL") or _LICENCE_URL,
            open_data_keep=_number(env, "OPEN_DATA_KEEP", 14),
            controller_name=env.get("CONTROLLER_NAME", ""),
            controller_contact=env.get("CONTROLLER_CONTACT", ""),
            quick_exit_url=env.get("QUICK_EXIT_URL") or "https://www.google.com/",
            reports_per_hour=_number(env, "REPORTS_PER_HOUR", 60),
            max_photos=_number(env, "MAX_PHOTOS", 6),
            max_photo_bytes=_number(env, "MAX_PHOTO_BYTES", 20 * 1024 * 1024),
            max_clips=_number(env, "MAX_CLIPS", 2),
            max_clip_bytes=_number(env, "MAX_CLIP_BYTES", 50 * 1024 * 1024),
            max_voice=_number(env, "MAX_VOICE", 2),
            max_voice_bytes=_number(env, "MAX_VOICE_BYTES", 10 * 1024 * 1024),
            tiles_kept_s=_number(env, "TILES_KEPT_S", 2),
            max_body_bytes=_number(env, "MAX_BODY_BYTES", 64 * 1024 * 1024),
            log_level=env.get("LOG_LEVEL") or "INFO",
            proxies=_number(env, "PROXIES", 0),
        )
        settings.refuse_if_unsafe()
        return settings

    def refuse_if_unsafe(self) -> None:
        """Raise UnsafeSettings with every reason why this instance must not start."""
        problems = [
            f"{name} is missing or shorter than 32 characters; run `python -m webapp.keys`"
            for name, value in (("SECRET_KEY", self.secret_key), ("CODE_KEY", self.code_key))
            if len(value) < 32
        ]
        for name, value in (
            ("IDENTITY_PUBLIC_KEY", self.identity_public_key),
            ("EVIDENCE_PUBLIC_KEY", self.evidence_public_key),
        ):
            if not value:
                problems.append(f"{name} is missing; run `python -m webapp.keys`")
        local = urlsplit(self.public_url).hostname in {"127.0.0.1", "localhost", "::1"}
        if not local and not self.public_url.startswith("https://"):
            problems.append("PUBLIC_URL must begin with https:// on an address that others can reach")
        if not local and self.demo:
            problems.append("DGS_DEMO has well-known passwords and is only for 127.0.0.1")
        if not local and not self.second_factor:
            problems.append("SECOND_FACTOR=optional is only for 127.0.0.1: staff open contacts of people at risk")
        if self.staff_session_hours < 1 or self.staff_idle_minutes < 5:
            problems.append("STAFF_SESSION_HOURS must be at least 1 and STAFF_IDLE_MINUTES at least 5")
        problems += self._oidc_problems()
        if not self.open_data_licence_url.startswith("https://") or len(self.open_data_licence) > 200:
            problems.append("OPEN_DATA_LICENCE must be shorter than 200 characters, its URL begin with https://")
        if self.open_data_keep < 1:
            problems.append("OPEN_DATA_KEEP must be at least 1")
        if urlsplit(self.quick_exit_url).scheme != "https":
            problems.append("QUICK_EXIT_URL must begin with https://")
        if self.tile_url and not self.tile_attribution:
            problems.append("TILE_URL and BASEMAP_FILE need TILE_ATTRIBUTION (what the map's maker asks to be shown)")
        problems += self._basemap_problems()
        if problems:
            raise UnsafeSettings("; ".join(problems))

    def _basemap_problems(self) -> list[str]:
        if not self.basemap_file:
            return []
        if self.tile_url != OWN_TILES:
            return ["set either TILE_URL or BASEMAP_FILE"]
        try:
            Archive(Path(self.basemap_file)).close()
        except BadArchive as error:
            return [f"BASEMAP_FILE: {error}"]
        return []

    def _oidc_problems(self) -> list[str]:
        if not self.oidc_issuer:
            return []
        issuer = urlsplit(self.oidc_issuer)
        problems = []
        if issuer.scheme != "https" and issuer.hostname not in {"127.0.0.1", "localhost", "::1"}:
            problems.append("OIDC_ISSUER must begin with https://")
        if not self.oidc_client_id:
            problems.append("OIDC_ISSUER needs OIDC_CLIENT_ID")
        return problems


def read_keys(path: Path) -> dict[str, str]:
    """NAME=value lines of a key file; empty where there is none."""
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text("utf-8").splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() in KEY_NAMES}


def _demo(env: Mapping[str, str]) -> bool:
    return env.get("DGS_DEMO", "") in {"1", "true", "yes"}


def _second_factor(env: Mapping[str, str]) -> bool:
    """Asked of all staff, unless the operator says otherwise; a demo's passwords are known anyway."""
    said = env.get("SECOND_FACTOR") or ("optional" if _demo(env) else "required")
    if said not in {"required", "optional"}:
        raise UnsafeSettings(f"SECOND_FACTOR must be required or optional, not {said!r}")
    return said == "required"


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    raw = env.get(name) or str(default)
    try:
        return int(raw)
    except ValueError:
        raise UnsafeSettings(f"{name} must be a whole number, not {raw!r}") from None


def _database_url(url: str) -> str:
    """Name the psycopg 3 driver, which is the one that is installed, whatever form the operator wrote."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
