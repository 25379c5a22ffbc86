"""Settings: what an instance that others can reach must not start without."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.config import Settings, UnsafeSettings

SAFE = {
    "SECRET_KEY": "s" * 40,
    "CODE_KEY": "c" * 40,
    "IDENTITY_PUBLIC_KEY": "x",
    "EVIDENCE_PUBLIC_KEY": "x",
    "PUBLIC_URL": "https://giamsat.example",
}
LOCAL = SAFE | {"PUBLIC_URL": "http://127.0.0.1:8000"}


def settings(tmp_path: Path, environ: dict[str, str]) -> Settings:
    return Settings.from_env({"DGS_HOME": str(tmp_path), **environ})


def test_staff_need_a_second_factor_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path, SAFE).second_factor
    assert settings(tmp_path, LOCAL).second_factor
    assert not settings(tmp_path, LOCAL | {"SECOND_FACTOR": "optional"}).second_factor
    assert not settings(tmp_path, LOCAL | {"DGS_DEMO": "1"}).second_factor
    assert settings(tmp_path, LOCAL | {"DGS_DEMO": "1", "SECOND_FACTOR": "required"}).second_factor


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"SECOND_FACTOR": "optional"}, "SECOND_FACTOR"),
        ({"SECOND_FACTOR": "no"}, "SECOND_FACTOR"),
        ({"DGS_DEMO": "1"}, "DGS_DEMO"),
        ({"PUBLIC_URL": "http://giamsat.example"}, "https://"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"STAFF_SESSION_HOURS": "0"}, "STAFF_SESSION_HOURS"),
        ({"STAFF_IDLE_MINUTES": "1"}, "STAFF_IDLE_MINUTES"),
        ({"OIDC_ISSUER": "http://dangnhap.example", "OIDC_CLIENT_ID": "x"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "https://dangnhap.example"}, "OIDC_CLIENT_ID"),
    ],
)
def test_an_unsafe_instance_does_not_start(tmp_path: Path, changed: dict[str, str], says: str) -> None:
    with pytest.raises(UnsafeSettings, match=says):
        settings(tmp_path, SAFE | changed)
