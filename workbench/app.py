"""Opening a workbench: reads the settings and wires every floor together. Wiring only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType

from workbench._version import __version__
from workbench.analytics.exploration import Exploring
from workbench.analytics.metrics import Metrics, MetricStore, RollupStore
from workbench.analytics.product import Asking, Cohorts, CohortStore, Product
from workbench.analytics.queries import Queries
from workbench.compute import Engine, Remembering, ResultCache, code_of, engine_at
from workbench.data.etl import Etl, Transforms
from workbench.data.lake import Datasets, Lake
from workbench.data.quality import Quality
from workbench.data.sources import Sources
from workbench.data.sql import Limits, SqlDoor, SqlResult
from workbench.data.uploads import Uploads
from workbench.data.views import Views
from workbench.foundation import observability
from workbench.foundation.bus import Bus
from workbench.foundation.catalog import Catalog
from workbench.foundation.jobs import Jobs
from workbench.foundation.settings import Settings, load
from workbench.governance.identity import Identities
from workbench.governance.preferences import Preferences
from workbench.governance.runs import Actor, Runs, Traces
from workbench.governance.security import Principal, Role, Security
from workbench.orchestration.notebooks import NotebookRunner
from workbench.orchestration.pipelines import Pipelines, TransformStep, UpdateStep
from workbench.orchestration.processes import Processes
from workbench.orchestration.schedule import IntervalJob, Scheduler
from workbench.publishing.dashboards import Dashboards
from workbench.publishing.lineage import Lineage, Lineages
from workbench.publishing.reports import Gallery, Reports, report_step

__all__ = ["Workbench"]


class Workbench:
    """One workspace, as one principal sees it. Made by `Workbench.open()`.

    Attributes:
        catalog: The database behind it all.
        datasets: Versioned datasets: list, create, load, read.
        metrics: Metrics by dimension and grain.
        product: Funnels, retention, sessions and the like over datasets of events; cohorts.
        exploration: Looking at a dataset that one does not know yet.
        queries: Saved SQL: with parameters and versions, shared, and who ran it.
        preferences: What the principal prefers.
        quality: Expectations and their results.
        etl: Loading and transforming.
        sources: Where rows come from: databases, APIs and files by name, and bringing them in.
        transforms: Transforms that are written down in files.
        views: Materialized views: SELECTs whose rows are datasets, and bringing those up to date.
        uploads: Files that people send, until they are datasets.
        notebooks: Running one notebook with parameters.
        pipelines: Running notebooks in order, resuming where a run stopped.
        reports: Running and rendering reports.
        gallery: The rendered reports that the principal may open.
        dashboards: The dashboards there are for whoever asks.
        runs: What ran, on what, and its receipt.
        security: Users, roles, policies and the audit log.
        identities: Sign-in links and tokens.
        bus: What changed, as it is told to every process.
        processes: Serving the workspace: which processes run, starting and stopping them.
        scheduler: Work that comes round.
    """

    def __init__(self, settings: Settings, catalog: Catalog, actor: Actor, *, serving: bool = False) -> None:
        self._serving = serving
        self.settings = settings
        self.actor = actor
        self.catalog = catalog
        jobs = Jobs(catalog)
        self.bus = Bus(catalog)
        self.security = Security(catalog)
        self.identities = Identities(catalog, self.security, settings.state / "keys")
        self.runs = Runs(catalog, settings)
        self.lake = Lake(settings.lake_root, catalog, self.runs, self.security)
        self.security.check_policies_with(self.lake.check_policy)
        self.lake.when_removed(lambda folder: _results(settings).forget(folder))
        self.datasets = Datasets(self.lake, actor, base=settings.home)
        kept = MetricStore(catalog, self.security)
        engine = _engine(settings, actor)
        rollups = RollupStore(catalog, self.security)
        folder = settings.home / "metrics"
        self.metrics = Metrics(self.lake, self.runs, engine, actor, folder, kept, rollups, settings.rollups)
        asking = Asking(self.lake, self.runs, engine, actor)
        cohorts = Cohorts(CohortStore(catalog, self.lake.name_of), asking, self.security)
        self.product = Product(asking, cohorts)
        self.preferences = Preferences(catalog, self.security, actor.principal)
        self._sql = SqlDoor(self.lake, Limits(settings.sql_time_limit, settings.sql_memory_limit), apart=serving)
        self.queries = Queries(catalog, self._sql, self.security, self.runs, self.preferences, actor)
        self.exploration = Exploring(self.lake, self._sql, self.metrics, self.queries, actor)
        suites, held = settings.home / "expectations", settings.state / "held"
        self.quality = Quality(catalog, self.lake, self.runs, actor, suites, self._sql, held)
        self.lake.when_removed(lambda _: self.quality.held.tidy())
        self.etl = Etl(self.lake, self.runs, actor, settings.home, self.quality.screen, self.quality.held)
        self.sources = Sources(
            catalog,
            settings,
            self.lake,
            self.runs,
            self.security,
            actor,
            lambda one: Quality(catalog, self.lake, self.runs, one, suites, self._sql, held),
        )
        self.transforms = Transforms(self.lake, self.runs, actor, settings.home, self.quality.held)
        self.views = Views(catalog, self.lake, self._sql, self.runs, self.security, actor, settings.home / "views")
        self.uploads = Uploads(catalog, settings, self.lake, self.runs, self.security, actor)
        self.notebooks = NotebookRunner(settings, self.runs, actor, lend=self.identities.lent)
        self.reports = Reports(settings, self.runs, self.notebooks, actor)
        self.gallery = Gallery(settings, self.runs, self.security, self.lake, actor)
        self.dashboards = Dashboards(settings, actor)
        self._lineages = Lineages(
            Traces(catalog), self.lake, self.security, self.metrics, self.gallery, self.dashboards, actor
        )
        self.pipelines = Pipelines(
            settings,
            self.runs,
            jobs,
            self.lake,
            self.notebooks,
            actor,
            steps={
                "report": report_step(self.reports),
                "source": UpdateStep(self.sources.get, self.sources.sync, self.runs),
                "transform": TransformStep(self.transforms, self.runs),
                "view": UpdateStep(self.views.check, self.views.refresh, self.runs),
            },
            versions={"metric": lambda name: self.metrics.get(name).version},
        )
        self.processes = Processes(settings, jobs, self.security, self.identities)
        self.scheduler = Scheduler(
            jobs,
            [
                IntervalJob("mark runs whose process ended as failed", 60, lambda: len(self.runs.reap())),
                IntervalJob("forget expired tokens", 3_600, self.identities.forget_expired),
                IntervalJob("forget abandoned uploads", 3_600, self.uploads.forget_abandoned),
                IntervalJob("forget old changes", 3_600, self.bus.forget_old),
                IntervalJob("fold runs of events", 60, lambda: self.lake.fold_all(actor)),
                IntervalJob("look whether promises of freshness are kept", 60, self.quality.promises.keep_watch),
                IntervalJob("forget rows held back from what was deleted", 3_600, self.quality.held.tidy),
                IntervalJob("refresh rollups", 60, self.metrics.rollups.refresh_due),
                IntervalJob("forget old runs of queries", 3_600, self.queries.forget_old),
                IntervalJob("forget results that nobody asks for", 3_600, lambda: _results(settings).tidy()),
            ],
        )

    @classmethod
    def open(
        cls, home: Path | str | None = None, *, principal: Principal | None = None, serving: bool = False
    ) -> Workbench:
        """Opens the workspace a process is in, or the one at `home`.

        Inside a run it acts as the run does: as whoever started it, recording what is read and written, and in a
        replay on the versions the original read. Outside of one it acts as `principal`; by default as whoever the token
        in `WORKBENCH_TOKEN` belongs to, else as the system's user, who owns a workspace with no registered users.

        Args:
            serving: This process answers others, too, whom no SQL may take it away from: it is answered in processes
                of its own.

        Raises:
            NotFound: No workspace here.
            Invalid: The settings are wrong.
            Unavailable: The catalog cannot be opened, or was made by a newer version.
            SignInRefused: The token is worthless.
            Forbidden: Others are registered here, and the system's user is not; or the run has ended, or is somebody
                else's.
        """
        settings = load(Path(home) if home is not None else None)
        observability.configure(settings.logs_dir, level=settings.log_level)
        catalog = Catalog(settings.catalog_url)
        catalog.prepare()
        asker = principal or _asker(settings, catalog)
        if settings.run_id is None:
            return cls(settings, catalog, Actor(asker), serving=serving)
        observability.run_id.set(settings.run_id)
        runs = Runs(catalog, settings)
        actor = runs.actor(settings.run_id, asker, replay_of=settings.replay_of)
        return cls(settings, catalog, actor, serving=serving)

    def acting_as(self, principal: Principal) -> Workbench:
        """The same workspace as somebody else sees it.

        Raises:
            Forbidden: Only an admin may look through another's eyes.
        """
        self.security.require(self.actor.principal, Role.ADMIN, f"act as {principal.name}")
        return Workbench(self.settings, self.catalog, Actor(principal), serving=self._serving)

    def sql(
        self,
        statement: str,
        parameters: Mapping[str, object] | Sequence[object] | None = None,
        *,
        versions: Mapping[str, int] | None = None,
        limit: int | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
    ) -> SqlResult:
        """Answers one SELECT over the datasets it names, under the asker's policies.

        `wb.sql("SELECT carrier, count(*) AS n FROM flights WHERE origin = $origin GROUP BY 1", {"origin": "JFK"})`

        Args:
            statement: SQL in DuckDB's dialect. Datasets are its tables; quote a name that has a `-`. A past version is
                `FROM flights AT (VERSION => 3)`.
            parameters: Values for `$name` by name, or for `?` in order. They are bound, never pasted into the text.
            versions: Dataset -> the version to read, where the statement itself names none.
            limit: At most so many rows; a result that was cut says so. By default the preference `sql_rows`, and none
                inside a run.
            time_limit: Seconds, at most the setting `sql_time_limit`, which is the default.
            memory_limit: Megabytes, at most the setting `sql_memory_limit`, which is the default.

        Returns:
            The rows; `to_polars()`, `to_pandas()` and `to_arrow()` make a frame of them. Times are UTC.

        Raises:
            Invalid: It is not one SELECT, does not parse, or names a column that is not there; it took longer or needs
                more memory than it may.
            Forbidden: It tries to read or change something else than datasets, or a policy cannot be applied.
            NotFound: No such dataset or version; the message has the nearest name.
        """
        if limit is None and self.actor.run is None:
            limit = self.preferences.get("sql_rows")
        limits = self._sql.limits.lowered(seconds=time_limit, megabytes=memory_limit, rows=limit)
        return self._sql.query(statement, self.actor, parameters=parameters, versions=versions, limits=limits)

    def lineage(self, name: str, kind: str = "dataset", *, up: int | None = None, down: int | None = None) -> Lineage:
        """What a thing was made of, and what was made of it: `wb.lineage("flights")`.

        What the asker may not see is not in it. In a notebook it draws itself; `.upstream` and `.downstream` name what
        there is, nearest first.

        Args:
            kind: "dataset", "metric", "model", "report", "dashboard" or "source".
            up: At most so many steps towards where it comes from; all when not given.
            down: The same towards what was made of it.

        Raises:
            NotFound: No such thing; the message has the nearest name.
            Forbidden: The dataset's policy closes it to the asker's role.
            Invalid: There is no lineage of that kind of thing.
        """
        return self._lineages.find(name, kind, up=up, down=down)

    def close(self) -> None:
        self.catalog.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        who = self.actor.principal
        inside = f", run {self.actor.run}" if self.actor.run else ""
        return f"Workbench({self.settings.home}, {who.name} ({who.role}){inside})"


def _engine(settings: Settings, actor: Actor) -> Engine:
    """What computes; a replay computes all of it again, which is what it is for."""
    engine = engine_at(settings.engine, settings.dask_scheduler)
    if not settings.result_cache or actor.pins:
        return engine
    return Remembering(engine, _results(settings), _code())


def _results(settings: Settings) -> ResultCache:
    return ResultCache.at(settings.results_dir, settings.result_cache)


@cache
def _code() -> str:
    here = Path(__file__).parent
    return f"{__version__} {code_of([here / 'compute', here / 'analytics', here / 'data' / 'lake'])}"


def _asker(settings: Settings, catalog: Catalog) -> Principal:
    security = Security(catalog)
    if settings.token is None:
        return security.local()
    return Identities(catalog, security, settings.state / "keys").of_token(settings.token.get_secret_value()).principal
