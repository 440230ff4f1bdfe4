"""The profile that dbt opens the file of a build with."""

from __future__ import annotations

import duckdb
import yaml

from pipelines.lib import dbt
from pipelines.lib.places import Places


def test_a_session_may_begin_after_another_has_spilled(site: Places) -> None:
    text = (dbt.write_profiles(site) / "profiles.yml").read_text()
    output = yaml.safe_load(text)["saulyq"]["outputs"]["duckdb"]
    file = dbt.build_file(site)
    file.parent.mkdir(parents=True)
    with duckdb.connect(str(file), config=output["config_options"] | {"memory_limit": "60MB"}) as first:
        first.execute("create table sorted as select i, hash(i) as h from range(6000000) t(i) order by h")
        with first.cursor() as second:
            for name, value in output["settings"].items():
                second.execute(f"set {name} = '{value}'")
            assert second.execute("select count(*) from sorted").fetchall() == [(6_000_000,)]
