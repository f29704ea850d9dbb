"""What stops a service from starting, and how it says so."""

from pathlib import Path

import pytest

from services.runtime.settings import DatabaseUrl, NatsUrl, ServiceSettings, load

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
PASSWORD = "hunter2"


class Settings(ServiceSettings, env_prefix="IHALA_TEST_"):
    """Those of a service of the test's own."""

    database_url: DatabaseUrl
    nats_url: NatsUrl = "nats://127.0.0.1:4222"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    (tmp_path / "jwks.json").touch()
    monkeypatch.setenv("IHALA_TEST_LISTEN_ADDRESS", "127.0.0.1:0")
    monkeypatch.setenv("IHALA_TEST_JWKS_FILE", str(tmp_path / "jwks.json"))
    monkeypatch.setenv("IHALA_TEST_DATABASE_URL", f"postgresql://ihala:{PASSWORD}@localhost/ihala")
    return monkeypatch


def faults(capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as caught:
        load(Settings)

    assert caught.value.code == 78
    return capsys.readouterr().err.splitlines()


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("IHALA_TEST_LOG_LEVEL", "debug")

    settings = load(Settings)

    assert (settings.log_level, settings.reflection, settings.tls_dir) == ("debug", False, None)
    assert PASSWORD in settings.database_url
    assert PASSWORD not in repr(settings)


def test_every_fault_is_named_and_no_value(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.delenv("IHALA_TEST_LISTEN_ADDRESS")
    environment.setenv("IHALA_TEST_DATABASE_URL", f"mysql://ihala:{PASSWORD}@localhost/ihala")
    environment.setenv("IHALA_TEST_JWKS_FILE", f"/nowhere/{PASSWORD}")
    environment.setenv("IHALA_TEST_LOG_LEVEL", PASSWORD)
    environment.setenv("IHALA_TEST_METRICS_ADDRESS", f"localhost:{PASSWORD}")
    environment.setenv("IHALA_TEST_STOP_GRACE_S", PASSWORD)
    environment.setenv("IHALA_TEST_LOG_LEVL", PASSWORD)
    environment.setenv("GRPC_TRACE", "all")

    lines = faults(capsys)

    assert [line.split()[0] for line in lines] == [
        "IHALA_TEST_LOG_LEVL",
        "GRPC_TRACE",
        "IHALA_TEST_LISTEN_ADDRESS",
        "IHALA_TEST_LOG_LEVEL",
        "IHALA_TEST_STOP_GRACE_S",
        "IHALA_TEST_JWKS_FILE",
        "IHALA_TEST_METRICS_ADDRESS",
        "IHALA_TEST_DATABASE_URL",
    ]
    assert "IHALA_TEST_LISTEN_ADDRESS must be set" in lines
    assert "IHALA_TEST_DATABASE_URL must be a URL that begins with postgresql:// or postgres://" in lines
    assert PASSWORD not in "".join(lines)


def test_a_misspelt_setting_alone_is_a_fault(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("IHALA_TEST_TLS_FOLDER", "/etc/tls")

    assert faults(capsys) == ["IHALA_TEST_TLS_FOLDER is not a setting"]


def test_what_kubernetes_adds_is_no_fault(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("IHALA_TEST_SERVICE_HOST", "10.0.0.1")
    environment.setenv("IHALA_TEST_PORT_50051_TCP_ADDR", "10.0.0.1")

    load(Settings)


def test_nothing_is_served_in_the_clear_beyond_this_machine(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    environment.setenv("IHALA_TEST_LISTEN_ADDRESS", "[::]:50051")
    assert faults(capsys) == [
        "IHALA_TEST_TLS_DIR must be set for an address beyond this machine, or ALLOW_PLAINTEXT to true"
    ]

    environment.setenv("IHALA_TEST_ALLOW_PLAINTEXT", "true")
    load(Settings)
    environment.delenv("IHALA_TEST_ALLOW_PLAINTEXT")
    environment.setenv("IHALA_TEST_TLS_DIR", str(tmp_path))
    load(Settings)


def test_every_common_setting_is_documented_with_its_default() -> None:
    rows = {
        cells[1].strip("` "): cells[2].strip("` ")
        for line in DOCUMENT.read_text(encoding="utf-8").partition("## Every service")[2].splitlines()
        if (cells := line.split("|"))[0] == "" and len(cells) > 3
    }

    for name, field in ServiceSettings.model_fields.items():
        default = "required" if field.is_required() else field.default
        shown = "none" if default is None else str(default).lower().removesuffix(".0")
        assert rows[name.upper()] == shown
