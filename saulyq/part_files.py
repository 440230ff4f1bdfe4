"""Files that the parts read at their start: Dagster's instance and workspace, the dashboards' sign-in."""

from pathlib import Path

from saulyq.secrets import secret, write_private
from saulyq.settings import Settings

DASHBOARDS_CLIENT = "saulyq-dashboards"

DAGSTER = """\
# written by saulyq at every start
telemetry:
  enabled: false
nux:
  enabled: false
run_queue:
  max_concurrent_runs: 2
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 1
      failure: 30
      success: 7
"""
WORKSPACE = """\
load_from:
  - grpc_server:
      host: 127.0.0.1
      port: {port}
      location_name: saulyq
"""
DASHBOARDS = """\
# written by saulyq at every start: the dashboards sign in through the operational app
[auth]
redirect_uri = "{dashboards}/oauth2callback"
cookie_secret = "{cookie_secret}"
client_id = "{client_id}"
client_secret = "{client_secret}"
server_metadata_url = "{ops}/.well-known/openid-configuration"
client_kwargs = {{ scope = "openid profile", code_challenge_method = "S256" }}
"""


def write_part_files(current: Settings) -> None:
    """Write them anew, so that they follow the ports of this start."""
    _write(current.home / "dagster" / "dagster.yaml", DAGSTER)
    _write(current.home / "dagster" / "workspace.yaml", WORKSPACE.format(port=current.dagster_code_port))
    _write(
        current.home / "dashboards" / "secrets.toml",
        DASHBOARDS.format(
            dashboards=current.page_url(current.dashboards_port),
            ops=current.page_url(current.ops_port),
            client_id=DASHBOARDS_CLIENT,
            client_secret=secret(current.secrets_dir, "oidc_dashboards"),
            cookie_secret=secret(current.secrets_dir, "dashboards_cookie"),
        ),
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, text)
