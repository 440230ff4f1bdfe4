"""The server installation: compose.yaml is valid, and no part holds a secret it does not need."""

import shutil
import subprocess

import pytest
import yaml

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
