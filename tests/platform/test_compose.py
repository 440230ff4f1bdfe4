"""The server installation: compose.yaml is valid, and no part holds a secret it does not need."""

import re
import shutil
import subprocess

import pytest
import yaml

from quality.results import TABLE as RESULTS
from saulyq.settings import Settings
from tests.installation import ROOT
from warehouse.settings import warehouse_settings

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


# What a container has fixed: its home, its ports, the server it asks; and what belongs to the embedded server alone.
NOT_FOR_CONTAINERS = {"port_base", "postgres_options", "dicom_bind", "eds_trust"}


def test_every_setting_reaches_a_part() -> None:
    """A setting that compose.yaml does not pass on does nothing on a server, however it is set."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    passed = {name for service in services.values() for name in service.get("environment", {})}
    for name, field in Settings.model_fields.items():
        variable = field.validation_alias or f"SAULYQ_{name.upper()}"
        assert name in NOT_FOR_CONTAINERS or variable in passed, variable
    assert "SAULYQ_LAKE_VERSION_DAYS" in passed
    for part in ("dagster-code", "dashboards", "ops"):
        assert "SAULYQ_SMALL_CELL_THRESHOLD" in services[part]["environment"]


def test_the_dashboards_see_the_results_of_checks_and_no_other_table_of_the_lake() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    folder = warehouse_settings().lake.name + "/" + RESULTS
    assert f"quality:/var/lib/saulyq/{folder}" in services["dagster-code"]["volumes"]
    seen = [volume for volume in services["dashboards"]["volumes"] if "/lake" in volume]
    assert seen == [f"quality:/var/lib/saulyq/{folder}:ro"]
    assert "pipeline:/var/lib/saulyq" not in services["dashboards"]["volumes"]
    assert f"/var/lib/saulyq/{folder}" in (ROOT / "Dockerfile").read_text()


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


def test_commands_have_containers_of_their_own_that_start_only_when_asked() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name, home in (("cli", "pipeline"), ("release", "dashboards")):
        service = services[name]
        assert (service["profiles"], service["restart"], service["entrypoint"][0]) == (["cli"], "no", "saulyq")
        assert f"{home}:/var/lib/saulyq" in service["volumes"]
    assert services["cli"]["secrets"] == ["db_saulyq_app", "db_saulyq_pipeline", "db_saulyq_egress"]
    assert services["release"]["secrets"] == ["db_saulyq_app"]
    # who may change tables and rights is asked to migrate, and to do nothing else
    for secret in ("db_saulyq_owner", "admin_url"):
        assert [name for name, service in services.items() if secret in service.get("secrets", [])] == ["migrate"]
    # files that a command writes belong to the part whose home it is
    assert services["cli"]["user"] == services["dagster-code"]["user"]
    assert services["release"]["user"] == services["dashboards"]["user"]
    assert "served:/var/lib/saulyq/warehouse:ro" in services["release"]["volumes"]


def test_dagster_is_reached_through_the_guard_only() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert not {"ports", "expose"} & {*services["dagster"], *services["dagster-code"], *services["dagster-daemon"]}
    assert services["dagster"]["secrets"] == ["oidc_dagster"]
    assert "oidc_dagster" in services["ops"]["secrets"]
    assert "http://dagster-code:8401" in (ROOT / "deploy" / "nginx.conf").read_text()
