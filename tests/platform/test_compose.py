"""The server installation: compose.yaml is valid, and no part holds a secret it does not need."""

import re
import shutil
import subprocess

import pytest
import yaml

from saulyq.settings import Settings
from tests.installation import ROOT

COMPOSE = shutil.which("docker-compose")


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
def test_compose_file_is_valid() -> None:
    result = subprocess.run([str(COMPOSE), "config", "--quiet"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_parts_run_as_separate_users_with_their_own_secrets() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    parts = ("migrate", "ops", "worker", "ingest", "hl7", "astm", "dicom", "dagster-code", "dashboards")
    users = {name: services[name]["user"] for name in parts}
    assert len(set(users.values())) == len(parts)
    assert not any(user.startswith(("0", "root")) for user in users.values())
    database_secrets = {
        name: {secret for secret in service.get("secrets", []) if secret.startswith("db_")}
        for name, service in services.items()
    }
    assert database_secrets["ops"] == {"db_saulyq_app"}
    assert database_secrets["worker"] == {"db_saulyq_app"}
    assert database_secrets["dagster-code"] == {"db_saulyq_pipeline", "db_saulyq_egress"}
    assert database_secrets["dashboards"] == set()
    assert database_secrets["dicom"] == {"db_saulyq_app"}
    assert {name for name, service in services.items() if service.get("ports")} == {"proxy", "hl7", "astm", "dicom"}


@pytest.mark.req("IAM-29")
def test_nothing_is_published_without_tls() -> None:
    """Whoever opens a port of devices to a network names the address himself; pages leave through TLS only."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name, service in services.items():
        for port in service.get("ports", []):
            by_default = re.sub(r"\$\{[A-Z0-9_]+:-([^}]*)\}", r"\1", port)
            assert name == "proxy" or by_default.startswith("127.0.0.1:"), (name, port)
    nginx = re.sub(r"#.*", "", (ROOT / "deploy" / "nginx.conf").read_text())
    listens = re.findall(r"listen\s+([^;]+);", nginx)
    assert sorted(set(listens)) == ["443 ssl", "80 default_server"]
    plain = nginx[nginx.index("listen 80") : nginx.index("ssl_certificate")]
    assert "return 301 https://" in plain and "proxy_pass" not in plain
    assert re.findall(r"ssl_protocols\s+([^;]+);", nginx) == ["TLSv1.2 TLSv1.3"]
    assert "Strict-Transport-Security" in nginx
    for address in re.findall(r"SAULYQ_PUBLIC_[A-Z_]+: (\S+)", (ROOT / "compose.yaml").read_text()):
        assert address.startswith("https://")


def test_each_port_of_devices_can_be_given_its_certificates() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    named = [f"SAULYQ_{name.upper()}" for name in Settings.model_fields]
    for part in ("hl7", "astm", "dicom"):
        of_part = re.compile(rf"SAULYQ_{part.upper()}_(.*AUTHORITIES|CERTIFICATE|KEY)")
        files = [name for name in named if of_part.fullmatch(name)]
        assert len(files) >= 3
        assert {name: f"${{{name}:-}}" for name in files}.items() <= services[part]["environment"].items()
        assert "./deploy/device-tls:/etc/saulyq/tls:ro" in services[part]["volumes"]
        # the page about protection tells which port is open
        assert f"SAULYQ_{part.upper()}_CERTIFICATE" in services["ops"]["environment"]


def test_dagster_is_reached_through_the_guard_only() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert not {"ports", "expose"} & {*services["dagster"], *services["dagster-code"], *services["dagster-daemon"]}
    assert services["dagster"]["secrets"] == ["oidc_dagster"]
    assert "oidc_dagster" in services["ops"]["secrets"]
    assert "http://dagster-code:8401" in (ROOT / "deploy" / "nginx.conf").read_text()
