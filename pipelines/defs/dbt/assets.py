"""The models, built in a file beside the served one."""

import json
from collections.abc import Iterator, Mapping

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_invocation import DbtCliInvocation
from dbt.version import __version__ as dbt_version
from packaging.version import Version

from pipelines.lib import dbt, publish
from pipelines.lib.extract import last_as_of
from pipelines.lib.places import places
from pipelines.resources import Pipeline
from warehouse.engines import Engine

MANIFEST = dbt.parse(places())


class Translator(DagsterDbtTranslator):
    """Groups are the layers of the project."""

    def get_group_name(self, dbt_resource_props: Mapping[str, object]) -> str | None:
        """The schema a model is built in."""
        config = dbt_resource_props.get("config")
        return str(config.get("schema") or "seeds") if isinstance(config, dict) else None


TRANSLATOR = Translator()


class BuildConfig(dg.Config):
    """How to build."""

    full: bool = False
    """From the whole lake, and not what came since the served warehouse was built."""


@dbt_assets(manifest=MANIFEST, name="dbt", dagster_dbt_translator=TRANSLATOR)
def dbt_models(context: dg.AssetExecutionContext, config: BuildConfig, pipeline: Pipeline) -> Iterator[object]:
    """Build models and run their tests; a blocking failure ends the run before publication."""
    site = pipeline.places
    start = publish.prepare(site, config.full, dbt.project_version())
    if start.reason:
        context.log.info(f"full build: {start.reason}")
    manifest = json.loads(MANIFEST.read_text())
    selection = get_updated_cli_invocation_params_for_context(
        context=context, manifest=manifest, dagster_dbt_translator=TRANSLATOR
    ).selection_args
    # a full build of a part would publish a warehouse without the rest
    arguments = [*dbt.build_arguments(start.full), *([] if start.full else selection)]
    command = dbt.start(site, Engine.duckdb, write_json=True)
    dbt.tell(command, arguments, last_as_of(site.lake))
    invocation = DbtCliInvocation(
        process=command.process,
        manifest=manifest,
        dagster_dbt_translator=TRANSLATOR,
        project_dir=dbt.PROJECT,
        target_path=command.target_path,
        raise_on_error=True,
        cli_version=Version(dbt_version),
        context=context,
    )
    try:
        yield from invocation.stream()
    finally:
        dbt.finish(site, Engine.duckdb, command.target_path)
