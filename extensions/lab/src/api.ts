// What the API of the workbench answers. Written by scripts/typescript_types.py from the OpenAPI document: not by hand.

/** A JSON value as it stands in a row: see `Column.kind` for what it is. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

export interface Cancelled {
  id: string;
}

/** What checks of a dataset found, newest first: those by people who see the same of it as whoever asks. */
export interface CheckList {
  items: CheckResult[];
}

/** What became of one expectation. */
export interface CheckOutcome {
  /** The expectation as a clause. */
  said: string;
  /** Its kind. */
  expect: string;
  columns: string[];
  severity: "error" | "warn";
  passed: boolean;
  /** How many rows do not fit. */
  failed: number;
  rows: number;
  /** Of rows that do not fit. */
  share: number;
  /** Why it could not be checked, or what was found instead; else empty. */
  problem: string;
  /** What was expected and what was found. */
  sentence: string;
  note: string;
}

export interface CheckResult {
  suite: string;
  version: number | null;
  checked: string;
  rows: number;
  /** Whether every expectation of severity error was met. */
  passed: boolean;
  /** How many expectations were met. */
  met: number;
  /** How many of severity error were not. */
  failures: number;
  /** How many of severity warn were not. */
  warnings: number;
  /** The same in words. */
  verdict: string;
  seconds: number;
  run: string | null;
  outcomes: CheckOutcome[];
}

/** One check. */
export interface CheckSummary {
  suite: string;
  version: number | null;
  checked: string;
  rows: number;
  /** Whether every expectation of severity error was met. */
  passed: boolean;
  /** How many expectations were met. */
  met: number;
  /** How many of severity error were not. */
  failures: number;
  /** How many of severity warn were not. */
  warnings: number;
  /** The same in words. */
  verdict: string;
  seconds: number;
  run: string | null;
}

export interface CohortDefinition {
  /** Whose subjects they are. */
  dataset: string;
  /** Conditions: {did: buy, last: 30 days}, or {subjects: [...]}. */
  definition: { [name: string]: Value };
  /** Who they are, for people. */
  description?: string;
  /** Take the place of a cohort of that name. */
  replace?: boolean;
  /** Where the dataset has no layout that says them. */
  columns?: EventColumns | null;
}

export interface CohortGone {
  name: string;
}

export interface CohortItem {
  name: string;
  dataset: string;
  /** Whether it lists its subjects; else they are found anew each time. */
  static: boolean;
  /** How many a static one lists; null where the asker may not know. */
  size: number | null;
  /** Its conditions; lists are empty where a policy could hide whom they name, and in a list of these. */
  definition: { [name: string]: Value };
  description: string;
  owner: string;
  updated: string;
}

export interface CohortList {
  items: CohortItem[];
}

/** A column, and how its values are written. integer: a JSON number; as text beyond 2^53 - 1. number: a JSON number, or "NaN", "Infinity", "-Infinity". decimal: text. date: "2013-01-31". time: "2013-01-31T05:15:00.000000Z", always UTC. bytes: Base64. Missing is null, always. */
export interface Column {
  name: string;
  /** The type as Polars calls it. */
  type: string;
  kind: "integer" | "number" | "decimal" | "text" | "boolean" | "date" | "time" | "bytes" | "list" | "struct";
}

export interface ColumnFacts {
  name: string;
  /** As Polars calls it. */
  type: string;
  kind: "integer" | "number" | "text" | "boolean" | "date" | "time" | "other";
  /** Null, or NaN; of all rows. */
  missing: number;
  distinct: number | null;
  /** False where it is told by a sketch, within about 2 %. */
  distinct_exact: boolean;
  /** Empty where no value occurs twice. */
  frequent: FrequentValue[];
  histogram: HistogramBins | null;
  numbers: NumberFacts | null;
  texts: TextFacts | null;
  times: TimeFacts | null;
}

/** What a dataset does with what is new: evolve, freeze, discard_row or discard_value. */
export interface ContractAnswer {
  dataset: string;
  /** With the dataset, where it is not there. */
  tables: Rule;
  /** With a new column. */
  columns: Rule;
  /** With a value that is not of its column's type. */
  data_type: Rule;
  /** Whether somebody set it; else it is what holds by default. */
  declared: boolean;
}

/** What is not given stays as it is. */
export interface ContractBody {
  /** What becomes of the dataset, where it is not there. */
  tables?: Rule | null;
  /** What becomes of a new column. */
  columns?: Rule | null;
  /** What becomes of a value that is not of its column's type. */
  data_type?: Rule | null;
}

export interface CorrelationMatrix {
  columns: string[];
  /** Pearson's; a row per column, in the same order. */
  values: ((number | null)[])[];
  /** How many rows have both values. */
  pairs: number[][];
}

export interface DatasetColumn {
  name: string;
  /** The type as Polars calls it. */
  type: string;
  kind: "integer" | "number" | "decimal" | "text" | "boolean" | "date" | "time" | "bytes" | "list" | "struct";
  nullable: boolean;
}

/** What is known of a dataset without reading its rows. */
export interface DatasetDetail {
  name: string;
  description: string;
  /** Where the rows come from; empty where nobody said. */
  source: string;
  owner: string;
  /** As many as the asker may see. */
  rows: number;
  /** The size of the newest version's files. */
  bytes: number;
  version: number;
  /** When the newest version was committed. */
  updated: string;
  /** Stays when it is renamed. */
  id: string;
  columns: DatasetColumn[];
  key: string[];
  partition_by: string[];
  files: number;
  created: string;
}

/** What is different between two versions, as the asker's policy shows both. */
export interface DatasetDiff {
  dataset: string;
  before: number;
  after: number;
  /** What rows were told apart by; empty where whole rows were counted. */
  key: string[];
  columns_added: string[];
  columns_removed: string[];
  columns_retyped: Retyped[];
  added: DiffRows;
  removed: DiffRows;
  /** Of each column that changed, 'before X' and 'after X'. */
  changed: DiffRows;
}

/** A dataset as it is listed. */
export interface DatasetItem {
  name: string;
  description: string;
  /** Where the rows come from; empty where nobody said. */
  source: string;
  owner: string;
  /** As many as the asker may see. */
  rows: number;
  /** The size of the newest version's files. */
  bytes: number;
  version: number;
  /** When the newest version was committed. */
  updated: string;
  /** How many. */
  columns: number;
}

export interface DatasetList {
  items: DatasetItem[];
  /** How many there are on all pages. */
  total: number;
  /** The cursor of the next page; null on the last one. */
  next: string | null;
  /** How many each owner has, of those that the search finds. */
  owners: Facet[];
}

/** What a dataset looks like, as the asker's policy shows it. */
export interface DatasetProfile {
  dataset: string;
  version: number;
  rows: number;
  /** How many rows quantiles, frequent values, hints and correlations are of. */
  looked_at: number;
  /** Whether these are fewer than all. */
  sampled: boolean;
  seed: number;
  /** The same in words. */
  sentence: string;
  columns: ColumnFacts[];
  correlations: CorrelationMatrix;
  made: string;
  seconds: number;
}

/** What checks of a dataset found: those by people who see the same of it as whoever asks. */
export interface DatasetQuality {
  dataset: string;
  /** The newest check; null where there was none. */
  latest: CheckResult | null;
  /** Newest first; the newest check is among them. */
  history: CheckSummary[];
  trends: ExpectationTrend[];
  /** Rows that are held back; null for whom they are not. */
  held: number | null;
}

export interface DayRows {
  day: string;
  rows: number;
  /** Whether they are there in time for now; null where they are not due yet. */
  kept: boolean | null;
}

/** What is said of rows that differ, as JSON: the value of `workbench` in the metadata of the stream's schema. The rows are one row with three lists: `added`, `removed` and `changed`. */
export interface DiffHead {
  dataset: string;
  before: number;
  after: number;
  /** What rows were told apart by; empty where whole rows were counted. */
  key: string[];
  columns_added: string[];
  columns_removed: string[];
  columns_retyped: Retyped[];
  /** How many there are, of which the list has some. */
  added: number;
  removed: number;
  changed: number;
}

/** Some of the rows of a kind. */
export interface DiffRows {
  /** How many there are. */
  count: number;
  columns: Column[];
  /** A list per row, in the order of the columns; see Column for the values. */
  rows: Value[][];
}

export interface DimensionItem {
  name: string;
  label: string;
  /** Over one row's columns; null for the column of its name. */
  sql: string | null;
  /** Its values as they are shown, where the alphabet would not do. */
  order: string[];
}

export interface DuplicatesNumber {
  /** The start of the period. */
  period?: string | null;
  /** Values of the columns that the duplicates are told apart by. */
  by?: { [name: string]: Value };
}

export interface DuplicatesQuestion {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** The column whose value a resent event has again; by default the layout's. */
  id?: string | null;
  /** Columns of which the value of the row that is kept counts. */
  by?: string[];
  /** A column of numbers that is added up. */
  amount?: string | null;
  /** By the period of the row that is kept; null for all together. */
  grain?: string | null;
}

export interface DuplicatesSubjects {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** The column whose value a resent event has again; by default the layout's. */
  id?: string | null;
  /** Columns of which the value of the row that is kept counts. */
  by?: string[];
  /** A column of numbers that is added up. */
  amount?: string | null;
  /** By the period of the row that is kept; null for all together. */
  grain?: string | null;
  /** Which number. */
  cell: DuplicatesNumber;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

/** One thing a run read or wrote: a dataset's version, a metric's, a source's fingerprint, a report. */
export interface Edge {
  run: string;
  direction: "read" | "write";
  kind: string;
  name: string;
  version: string;
  detail: { [name: string]: Value };
}

/** How a computation ran; kept in the receipt of its run. Attributes: engine: The registered name of the engine that it was given to. polars: The version of Polars that ran the plans; several where workers differ. fell_back: Something was not computed where it was asked for, but in this process or on the CPU: `why` says. load_seconds: Time spent on opening the parts (footers, schemas) before a row was computed on. Polars decodes columns while it computes, so decoding counts as computing. compute_seconds: Everything after that, merging included. parts: How many parts the rows came in. rows_out: Rows of the result. why: Why this engine, where it was chosen, and what fell back; empty where there is nothing to say. cached: When it was computed, UTC, where the result was kept from then; the rest says how it was then. key: What the result is kept by; empty where it is not kept. */
export interface EngineUse {
  engine: string;
  polars: string;
  fell_back: boolean;
  load_seconds: number;
  compute_seconds: number;
  parts: number;
  rows_out: number;
  why: string;
  cached: string | null;
  key: string;
}

/** Which columns are subject, event and time, where the dataset does not say. */
export interface EventColumns {
  /** Who did it. */
  subject: string;
  /** What was done. */
  event: string;
  /** When. */
  time: string;
  /** Tells events apart; breaks ties. */
  id?: string | null;
}

/** Events that end a subject's attempt when they come between two steps. */
export interface Exclusion {
  /** An event's name, or one with a condition. */
  step: string | Step;
  /** The step, from 1, that they come after. */
  after?: number;
  /** A later one that they come before; by default the next. */
  before?: number | null;
}

/** How one expectation fared over time, oldest check first. */
export interface ExpectationTrend {
  said: string;
  expect: string;
  columns: string[];
  severity: "error" | "warn";
  points: TrendPoint[];
}

/** How an answer was computed. */
export interface Explanation {
  /** For people: engine and why, cache, files and bytes of the whole, the plan. */
  text: string;
}

export interface Facet {
  value: string;
  count: number;
}

export interface FrequentValue {
  /** See Column for how values are written. */
  value: Value;
  /** Of the rows that were looked at. */
  count: number;
}

/** Whether a dataset is as fresh as was promised. */
export interface FreshnessItem {
  dataset: string;
  version: number;
  /** As a clause. */
  promise: string;
  kept: boolean;
  /** What was promised and what was found. */
  sentence: string;
  /** The latest days, newest first. */
  days: DayRows[];
  checked: string;
}

export interface FreshnessList {
  items: FreshnessItem[];
}

export interface FreshnessPromise {
  /** Of days or times. */
  column: string;
  /** A time of day by which each day's rows are there: 08:00. */
  by?: string | null;
  /** Whose day and time of day. */
  time_zone?: string;
  /** The rows of so many days before: 1 for yesterday's. */
  behind?: number;
  /** How many rows a day has at least. */
  rows?: number;
  /** Instead of `by`: the newest time is no longer ago, as '2 hours'. */
  within?: string | null;
}

export interface FunnelNumber {
  /** Who came to this step. */
  step: number;
  /** Only who came no further. */
  dropped?: boolean;
  /** Only of this value; null for the missing one. */
  breakdown?: string | null;
  /** The start of the period. */
  period?: string | null;
}

export interface FunnelQuestion {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** Two or more, in order: an event's name, or one with a condition. */
  steps: (string | Step)[];
  /** Within which all steps have to follow the first: 30 minutes. */
  window?: string;
  /** Within which each step has to follow the one before: one entry less than steps. */
  step_windows?: (string | null)[] | null;
  /** strict: no other event in between. */
  order?: "ordered" | "strict" | "any";
  /** Which first step a subject may begin with. */
  entry?: "any" | "first";
  /** What ends an attempt; by itself, between the first step and the last. */
  exclusions?: (string | Step | Exclusion)[];
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value counts: which step's. */
  attribution?: "first" | "last" | number;
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** Entries by hour, day, week, month, quarter or year. */
  grain?: string | null;
}

export interface FunnelSubjects {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** Two or more, in order: an event's name, or one with a condition. */
  steps: (string | Step)[];
  /** Within which all steps have to follow the first: 30 minutes. */
  window?: string;
  /** Within which each step has to follow the one before: one entry less than steps. */
  step_windows?: (string | null)[] | null;
  /** strict: no other event in between. */
  order?: "ordered" | "strict" | "any";
  /** Which first step a subject may begin with. */
  entry?: "any" | "first";
  /** What ends an attempt; by itself, between the first step and the last. */
  exclusions?: (string | Step | Exclusion)[];
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value counts: which step's. */
  attribution?: "first" | "last" | number;
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** Entries by hour, day, week, month, quarter or year. */
  grain?: string | null;
  /** Which number. */
  cell: FunnelNumber;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

export interface Health {
  status: "ok";
}

/** A change, as the socket tells it. What it is about is asked of its own endpoint. */
export interface Heard {
  /** Grows with every change; to be sent back as `since` after a cut. */
  number: number;
  time: string;
  topic: "dataset" | "run" | "report" | "query" | "source" | "view";
  /** Of the dataset, run, report, query, source or view. */
  name: string;
  detail: { [name: string]: Value };
}

export interface HeldDetail {
  id: string;
  dataset: string;
  /** Who held them. */
  kind: "suite" | "transforms" | "stream";
  /** Which transforms took them out of which dataset, which stream or source; empty where a load did. */
  origin: string;
  /** What they did not fit; empty where that is no suite. */
  suite: string;
  rows: number;
  /** Expectation -> how many of the rows break it. */
  reasons: { [name: string]: number };
  state: "held" | "loading" | "loaded" | "parted" | "replaced" | "discarded";
  run: string | null;
  principal: string;
  held: string;
  ended: string | null;
  /** What they are a part of. */
  parent: string | null;
  columns: Column[];
  /** As they came; the last column says which expectations each breaks. */
  values: Value[][];
}

/** Rows that were held back at once. */
export interface HeldItem {
  id: string;
  dataset: string;
  /** Who held them. */
  kind: "suite" | "transforms" | "stream";
  /** Which transforms took them out of which dataset, which stream or source; empty where a load did. */
  origin: string;
  /** What they did not fit; empty where that is no suite. */
  suite: string;
  rows: number;
  /** Expectation -> how many of the rows break it. */
  reasons: { [name: string]: number };
  state: "held" | "loading" | "loaded" | "parted" | "replaced" | "discarded";
  run: string | null;
  principal: string;
  held: string;
  ended: string | null;
  /** What they are a part of. */
  parent: string | null;
}

export interface HeldList {
  items: HeldItem[];
}

/** How many of all rows have a value between two edges, the first included; in the last bin both are. */
export interface HistogramBins {
  /** One more than there are bins. */
  edges: Value[];
  counts: number[];
}

/** How the file is read, where it is not as it is found to be. */
export interface HowToRead {
  /** Between the fields of delimited text: ';', 'tab'. */
  separator?: string | null;
  /** Of delimited text: 'cp1252'. */
  encoding?: string | null;
  /** Of a workbook: its name, or its number from 1. */
  sheet?: string;
  /** The row of a sheet that names its columns, from 1. */
  header?: number;
  /** Columns that are to be of a type. */
  types?: { [name: string]: "text" | "integer" | "number" | "boolean" | "date" | "time" };
  /** Of times that do not say theirs: 'Europe/Vienna'. */
  time_zone?: string | null;
}

/** Another metric, as a derived one uses it. Attributes: metric: Its name. alias: What the expression calls it; by default its name. filter: SQL condition over the rows it is made from, besides its own. offset: How much earlier it is taken: of May with `1 month`, its April. */
export interface Input {
  metric: string;
  alias: string | null;
  filter: string | null;
  offset: string | null;
}

/** A dataset whose columns are had beside a metric's own: of each row at most one row of it. Attributes: name: The joined columns are called by it: `customer__country`. dataset: What is joined. on: Column of the metric's dataset -> column of the joined one. The latter's tell its rows apart. columns: Which columns are had; by default all but those of `on`. */
export interface Join {
  /** Lower-case letters, digits and underscores, a letter first. */
  name: string;
  dataset: string;
  on: { [name: string]: string };
  columns: string[];
}

export interface LifecycleNumber {
  /** The start of the period. */
  period: string;
  /** In the period. */
  state: "new" | "returning" | "resurrecting" | "dormant";
  /** Only of this value; null for the missing one. */
  breakdown?: string | null;
}

export interface LifecycleQuestion {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value is a subject's: that of its first such event, or its last. */
  attribution?: "first" | "last";
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** An event's name, or one with a condition. */
  step: string | Step;
  /** How time is cut. */
  grain?: "hour" | "day" | "week" | "month";
}

export interface LifecycleSubjects {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value is a subject's: that of its first such event, or its last. */
  attribution?: "first" | "last";
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** An event's name, or one with a condition. */
  step: string | Step;
  /** How time is cut. */
  grain?: "hour" | "day" | "week" | "month";
  /** Which number. */
  cell: LifecycleNumber;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

export interface Lineage {
  dataset: string;
  /** The newest runs that read or wrote it. */
  runs: LineageItem[];
  /** Datasets that were read by the runs that wrote it. */
  upstream: string[];
  /** Datasets that were written by the runs that read it. */
  downstream: string[];
}

/** What a thing was made of, and what was made of it, as far as the asker may see. */
export interface LineageGraph {
  /** The id of what was asked for. */
  focus: string;
  /** Nearest to it first. */
  nodes: LineageNode[];
  links: LineageLink[];
  /** Whether there is more, further away. */
  cut: boolean;
}

/** A run that read or wrote the dataset. */
export interface LineageItem {
  run: string;
  kind: RunKind;
  name: string;
  status: RunStatus;
  started: string;
  direction: "read" | "write";
  /** Of the dataset, as it was read or written. */
  version: string;
}

/** That one node leads to another. */
export interface LineageLink {
  /** The id of a node. */
  start: string;
  /** The id of another. */
  end: string;
  /** The newest run that went this way; null where a definition says so. */
  run: string | null;
  /** When that began. */
  time: string | null;
}

/** A thing, or a piece of work that made one of another. */
export interface LineageNode {
  id: string;
  /** dataset, metric, model, report, dashboard, source, query; of work notebook and the like. */
  kind: string;
  name: string;
  /** Whether it is work. */
  work: boolean;
  /** The newest run: of work any, of a thing one that wrote it. */
  run: string | null;
  /** When that began. */
  time: string | null;
  /** Whether that failed. */
  failed: boolean;
  /** Whether it was deleted since. */
  gone: boolean;
}

export interface LoadUpload {
  /** Its name. */
  dataset: string;
  /** How a dataset that is there gets the rows; a new one when null. */
  mode?: Mode | null;
  /** How it is read, where not as it is found to be. */
  read?: HowToRead;
  /** The columns that tell rows apart. */
  key?: string[];
  /** The columns a new dataset's rows are sorted by. */
  sort_by?: string[];
  /** Of a new dataset. */
  description?: string;
}

/** Who asks. */
export interface Me {
  name: string;
  role: Role;
  /** What the role may do: "datasets:read". A token may do less, by its scopes. */
  may: string[];
  /** What this way of asking is good for: a token's own, else all there are. */
  scopes: Scope[];
}

/** Numbers, and what they were computed on. */
export interface MetricAnswer {
  columns: ResultColumn[];
  rows: Value[][];
  /** Whether the limit left rows out. */
  more: boolean;
  grain: string | null;
  /** Dataset -> the version that was read. */
  datasets: { [name: string]: number };
  /** Metric -> the version of its definition. */
  metrics: { [name: string]: string };
  /** The time range that is compared with, from and to. */
  before: string[] | null;
  /** Metric -> how far off it may be, of those that are approximate. */
  approximate: { [name: string]: string };
}

export interface MetricDefinition {
  /** The keys of a metric, as a file would say them. */
  definition: { [name: string]: Value };
  /** Why, for whoever reads the history. */
  comment?: string;
}

/** What is said of numbers, as JSON: the value of `workbench` in the metadata of the stream's schema. */
export interface MetricHead {
  /** In the order of the columns. */
  metrics: MetricItem[];
  dimensions: DimensionItem[];
  grain: string | null;
  /** Dataset -> the version that was read. */
  datasets: { [name: string]: number };
  /** How it was computed. */
  engines: EngineUse[];
  /** The time range that is compared with, from and to. */
  before: string[] | null;
  /** Metric -> how far off it may be, of those that are approximate. */
  approximate: { [name: string]: string };
}

export interface MetricHistory {
  /** Newest first. */
  items: MetricState[];
}

/** A metric's definition. `version` changes whenever what it computes may have. */
export interface MetricItem {
  name: string;
  label: string;
  description: string;
  type: "simple" | "ratio" | "derived" | "cumulative" | "conversion";
  summary: string;
  dataset: string | null;
  aggregation: string | null;
  column: string | null;
  percentile: number | null;
  /** Whether it is made from a sketch. */
  approximate: boolean;
  tie: string | null;
  filter: string | null;
  joins: Join[];
  numerator: string | null;
  denominator: string | null;
  expr: string | null;
  inputs: Input[];
  metric: string | null;
  window: string | null;
  grain_to_date: string | null;
  period_agg: string | null;
  base_metric: string | null;
  conversion_metric: string | null;
  entity: string | null;
  calculation: string | null;
  constant_properties: Property[];
  dimensions: DimensionItem[];
  time: string | null;
  time_zone: string | null;
  /** What the grain `default` means. */
  grain: string | null;
  week_start: number | null;
  /** When it is to be computed ahead: `every 1 h`, or cron's five fields. */
  refresh: string | null;
  unit: string;
  /** d3 number format. */
  format: string;
  owner: string;
  version: string;
}

export interface MetricList {
  items: MetricItem[];
}

/** What a definition in the catalog said from some time on. */
export interface MetricState {
  /** From 1. */
  number: number;
  /** The keys of the metric; null where it was removed. */
  definition: { [name: string]: Value } | null;
  comment: string;
  by: string;
  time: string;
}

/** What a load does with the rows that are there. Attributes: APPEND: They stay; the rows are added. UPSERT: Those of the same key are replaced; the others stay. DELETE_INSERT: Those of the partitions that the rows are in go; the others stay. SNAPSHOT: They stay as history: `valid_from`, `valid_to` and `is_current` say when a row held. REPLACE: They go. */
export type Mode = "append" | "upsert" | "delete-insert" | "snapshot" | "replace";

export interface NewUpload {
  /** The file's name; folders before it are left away. */
  file: string;
  /** Its bytes. */
  size: number;
}

export interface NumberFacts {
  /** A number, or text where that loses digits; null without a finite value. */
  min: Value;
  max: Value;
  mean: number | null;
  std: number | null;
  /** Of the rows that were looked at. */
  quantiles: QuantileValue[];
  zeros: number;
  negative: number;
  infinite: number;
}

export interface ParameterBody {
  /** text, integer, number, boolean, date or time. */
  type?: string;
  /** Taken where nothing is given; null: a value has to be given. */
  default?: string | boolean | number | null;
  /** For whoever is asked for a value. */
  description?: string;
}

export interface ParameterItem {
  /** text, integer, number, boolean, date or time. */
  type: string;
  /** Taken where nothing is given; null: a value has to be given. */
  default: string | boolean | number | null;
  description: string;
}

export interface PathsNumber {
  /** The place of the step in its path. */
  position: number;
  /** The event before. */
  source: string;
  /** The event after. */
  target: string;
}

export interface PathsQuestion {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** Only what follows this event. */
  start_at?: string | null;
  /** Only what leads to this event. */
  end_at?: string | null;
  /** Only these events. */
  events?: string[] | null;
  /** SQL condition over one row's columns. */
  where?: string | null;
  /** A longer pause ends a session. */
  gap?: string;
  /** How many places of a session are looked at. */
  max_steps?: number;
  /** Edges with a smaller share of all paths are left out. */
  minimum_share?: number;
  /** So many events are told apart at each place. */
  top?: number;
}

export interface PathsSubjects {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** Only what follows this event. */
  start_at?: string | null;
  /** Only what leads to this event. */
  end_at?: string | null;
  /** Only these events. */
  events?: string[] | null;
  /** SQL condition over one row's columns. */
  where?: string | null;
  /** A longer pause ends a session. */
  gap?: string;
  /** How many places of a session are looked at. */
  max_steps?: number;
  /** Edges with a smaller share of all paths are left out. */
  minimum_share?: number;
  /** So many events are told apart at each place. */
  top?: number;
  /** Which number. */
  cell: PathsNumber;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

export interface PreferenceItem {
  key: string;
  value: Value;
  /** What it is where nothing was set. */
  default: Value;
  description: string;
}

/** What the asker prefers. */
export interface PreferenceList {
  items: PreferenceItem[];
}

export interface PreferenceValue {
  /** What is preferred from now on. */
  value: Value;
}

/** Some of a dataset's rows, as the asker's policy shows them. */
export interface Preview {
  dataset: string;
  version: number;
  columns: Column[];
  /** A list per row, in the order of the columns; see Column for the values. */
  rows: Value[][];
  offset: number;
  /** How many rows meet the condition. */
  total: number;
}

export interface PreviewOf {
  /** How it is read, where not as it is found to be. */
  read?: HowToRead;
  /** At most so many rows. */
  rows?: number;
}

/** What went wrong, for a program by its `code` and for a person by its `detail`. */
export interface Problem {
  /** Always about:blank: `code` says what it is. */
  type: string;
  /** The status in words. */
  title: string;
  status: number;
  /** Stable: not_found, invalid, conflict, forbidden, sign_in_refused, unavailable, ... */
  code: string;
  /** One sentence that names the thing and what was wrong with it. */
  detail: string;
  /** What to do about it. */
  hint: string | null;
  /** Of an unforeseen error: it stands in the server's log, too. */
  id: string | null;
}

export interface ProductAnswer {
  /** The question in words. */
  title: string;
  /** What one has to know to read it; empty where there is nothing. */
  note: string;
  dataset: string;
  /** Of the dataset, as it was read. */
  version: number;
  /** How it was computed. */
  use: EngineUse;
  columns: ResultColumn[];
  rows: Value[][];
  /** Whether there are more than these: at most 10,000 are told here. */
  more: boolean;
}

/** How a result's rows are drawn; they stand in the chart's own order. */
export interface ProductChart {
  kind: "bar" | "line" | "point" | "heatmap";
  /** The column along the bottom. */
  x: string;
  /** The column up the side. */
  y: string;
  title: string;
  /** The column of the series, or of a heatmap's amounts. */
  color: string | null;
  /** Column to what people call it. */
  labels: { [name: string]: string };
  units: { [name: string]: string };
  /** Column to d3 format. */
  formats: { [name: string]: string };
  note: string;
  stacked: boolean;
}

/** What is said of a result's rows. */
export interface ProductHead {
  /** The question in words. */
  title: string;
  /** What one has to know to read it; empty where there is nothing. */
  note: string;
  dataset: string;
  /** Of the dataset, as it was read. */
  version: number;
  /** How it was computed. */
  use: EngineUse;
  columns: ResultColumn[];
}

/** Who is behind one number. */
export interface ProductSubjects {
  /** The number in words. */
  what: string;
  /** The dataset's column of subjects. */
  column: string;
  /** The first of them. */
  subjects: Value[];
  total: number;
}

export interface PromiseRemoved {
  dataset: string;
}

/** What has to be the same of a base event and of the conversion that it is given. Attributes: base: Dimension or column of the base metric. conversion: Dimension or column of the conversion metric; by default of the same name. */
export interface Property {
  base: string;
  conversion: string;
}

/** A suite of expectations to be edited and saved. */
export interface ProposedSuite {
  dataset: string;
  yaml: string;
}

export interface QuantileValue {
  share: number;
  value: number;
}

/** The rows that a query gave. */
export interface QueryAnswer {
  columns: Column[];
  /** A list per row, in the order of the columns; see Column for the values. */
  rows: Value[][];
  /** Whether the limit left rows out. */
  more: boolean;
  run: QueryRunItem;
}

/** What a query says from now on. */
export interface QueryBody {
  /** One SELECT; $name is a parameter. */
  sql: string;
  /** Not given: as it was. */
  description?: string | null;
  /** By name, without the $. Not given: as it was. */
  parameters?: { [name: string]: ParameterBody };
  /** Of a new query: the least role that may see and run it. */
  shared?: Role | null;
  /** The version that is to be replaced; 0: there is none yet. */
  expected?: number | null;
}

/** A query that is not there any more. */
export interface QueryGone {
  name: string;
}

/** What is said of rows, as JSON: the value of `workbench` in the metadata of the stream's schema. */
export interface QueryHead {
  run: QueryRunItem;
}

/** A saved query at one of its versions. */
export interface QueryItem {
  /** Of the query: another one of the same name has another. */
  id: string;
  name: string;
  sql: string;
  description: string;
  owner: string;
  /** The least role that may see and run it; null: its owner alone. */
  shared: Role | null;
  /** By name, without the $. */
  parameters: { [name: string]: ParameterItem };
  /** What it reads. */
  datasets: string[];
  version: number;
  created: string;
  /** When this version was saved. */
  updated: string;
  saved_by: string;
}

export interface QueryList {
  items: QueryItem[];
}

export interface QueryRowsBody {
  /** Values by name; a date or time as text. */
  parameters?: { [name: string]: Value };
  /** Of the query; the newest when not given. */
  version?: number | null;
  /** Dataset -> the version to read, where it is not the newest. */
  versions?: { [name: string]: number };
  /** Seconds; at most what the workspace allows. */
  time_limit?: number | null;
  /** Megabytes; at most what the workspace allows. */
  memory_limit?: number | null;
  /** At most so many rows; as preferred when not given. */
  limit?: number | null;
}

export interface QueryRunBody {
  /** Values by name; a date or time as text. */
  parameters?: { [name: string]: Value };
  /** Of the query; the newest when not given. */
  version?: number | null;
  /** Dataset -> the version to read, where it is not the newest. */
  versions?: { [name: string]: number };
  /** Seconds; at most what the workspace allows. */
  time_limit?: number | null;
  /** Megabytes; at most what the workspace allows. */
  memory_limit?: number | null;
  /** At most so many rows. */
  limit?: number;
}

/** Who ran a query. */
export interface QueryRunItem {
  id: string;
  query: string;
  query_version: number;
  by: string;
  /** What they were then. */
  role: Role;
  started: string;
  state: RunState;
  seconds: number | null;
  /** How many it gave. */
  rows: number | null;
  /** Whether a limit left rows out. */
  cut: boolean;
  /** Dataset -> the versions that were read. */
  versions: { [name: string]: number[] };
  /** What was given. */
  parameters: { [name: string]: string | boolean | number };
  error: string | null;
  cancelled_by: string | null;
}

export interface QueryRunList {
  items: QueryRunItem[];
  next: string | null;
}

export interface QueryRunQuestion {
  /** Values by name; a date or time as text. */
  parameters?: { [name: string]: Value };
  /** Of the query; the newest when not given. */
  version?: number | null;
  /** Dataset -> the version to read, where it is not the newest. */
  versions?: { [name: string]: number };
  /** Seconds; at most what the workspace allows. */
  time_limit?: number | null;
  /** Megabytes; at most what the workspace allows. */
  memory_limit?: number | null;
}

/** What made a result: enough to make it again, or to say why that cannot be done. */
export interface Receipt {
  run: string;
  kind: RunKind;
  name: string;
  status: RunStatus;
  principal: string;
  started: string;
  finished: string | null;
  parameters: { [name: string]: Value };
  notebook: string | null;
  notebook_sha256: string | null;
  read: Edge[];
  wrote: Edge[];
  engines: { [name: string]: Value }[];
  tables: { [name: string]: string };
  seeds: { [name: string]: number };
  packages_sha256: string;
  git_commit: string | null;
  workbench_version: string;
  python: string;
  platform: string;
  error: string | null;
}

export interface RedrivenItem {
  /** How many rows are in the dataset now. */
  loaded: number;
  version: number | null;
  /** What is still held; empty where all rows fit. */
  held: HeldItem[];
}

/** Nothing has to be said. */
export interface Redriving {
}

export interface RefreshBody {
  /** Compute it whole, whatever changed. */
  anew?: boolean;
}

/** One refresh of a view. */
export interface RefreshItem {
  /** Its run, whose receipt says all of it. */
  run: string;
  by: string;
  started: string;
  finished: string | null;
  outcome: "running" | "succeeded" | "failed";
  /** Computed whole, by the rows that came, by their groups, or not at all, since nothing changed. */
  way: "" | "whole" | "rows" | "groups" | "unchanged";
  /** Why so; a clause. */
  why: string;
  /** That were written. */
  rows: number;
  /** Of the view's dataset, afterwards. */
  version: number | null;
  /** Dataset -> the version that the rows are of. */
  read: { [name: string]: number };
  error: string | null;
}

export interface RefreshList {
  items: RefreshItem[];
}

export interface Removed {
  name: string;
}

export interface RenderedList {
  items: RenderedReport[];
  next: string | null;
}

/** A rendered run of a report that the asker may open. */
export interface RenderedReport {
  report: string;
  run: string;
  status: RunStatus;
  started: string;
  principal: string;
  parameters: { [name: string]: Value };
  /** Where the page is, below the server's address. */
  html: string;
  pdf: string | null;
  /** Why there is no PDF. */
  note: string | null;
}

export interface ReportItem {
  name: string;
  title: string;
  description: string;
  audience: string;
  /** The newest run that the asker may open. */
  latest: RenderedReport | null;
}

export interface ReportList {
  items: ReportItem[];
}

export interface RestoreTo {
  /** Whose rows and columns are to be the newest one's. */
  version: number;
}

export interface Restored {
  dataset: string;
  /** The newest, which has them. */
  version: number;
}

export interface ResultColumn {
  name: string;
  /** The type as Polars calls it. */
  type: string;
  kind: "integer" | "number" | "decimal" | "text" | "boolean" | "date" | "time" | "bytes" | "list" | "struct";
  label: string;
  unit: string;
  format: string;
}

export interface RetentionNumber {
  /** The start of the period in which they began. */
  cohort: string;
  /** Periods since. */
  offset: number;
  /** Only of this value; null for the missing one. */
  breakdown?: string | null;
}

export interface RetentionQuestion {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value is a subject's: that of its first such event, or its last. */
  attribution?: "first" | "last";
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** What puts a subject into the cohort of its period. */
  start: string | Step;
  /** What counts as coming back; by default the same. */
  back?: string | Step | null;
  /** How time is cut. */
  grain?: "hour" | "day" | "week" | "month";
  /** How many periods of a cohort are looked at, its own included. */
  periods?: number;
  /** Its very first start, or every one. */
  kind?: "first time" | "recurring";
  /** In that period, or in it or a later one. */
  counting?: "on" | "on or after";
}

export interface RetentionSubjects {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value is a subject's: that of its first such event, or its last. */
  attribution?: "first" | "last";
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** What puts a subject into the cohort of its period. */
  start: string | Step;
  /** What counts as coming back; by default the same. */
  back?: string | Step | null;
  /** How time is cut. */
  grain?: "hour" | "day" | "week" | "month";
  /** How many periods of a cohort are looked at, its own included. */
  periods?: number;
  /** Its very first start, or every one. */
  kind?: "first time" | "recurring";
  /** In that period, or in it or a later one. */
  counting?: "on" | "on or after";
  /** Which number. */
  cell: RetentionNumber;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

export interface Retyped {
  name: string;
  before: string;
  after: string;
}

/** What a principal may do; each role includes those before it. */
export type Role = "viewer" | "analyst" | "engineer" | "admin";

export interface RollupDefinition {
  /** The keys of a rollup, as a file would say them. */
  definition: { [name: string]: Value };
}

/** A rollup, and how far it is. */
export interface RollupItem {
  name: string;
  /** Its keys, as a file would say them. */
  definition: { [name: string]: Value };
  summary: string;
  dataset: string;
  status: "never made" | "current" | "behind" | "outdated";
  /** Of the dataset, which it stands for; null where it was never made. */
  version: number | null;
  /** The newest version of the dataset. */
  newest: number;
  /** That are kept; null where a policy hides rows of the dataset. */
  rows: number | null;
  /** The same. */
  bytes: number | null;
  made: string | null;
}

export interface RollupList {
  items: RollupItem[];
}

export interface RollupRefresh {
  /** Make all of it, whatever changed. */
  anew?: boolean;
}

export interface RollupRemoved {
  name: string;
}

/** What is said of rows, as JSON: the value of `workbench` in the metadata of the stream's schema. */
export interface RowsHead {
  dataset: string;
  version: number;
  /** How many rows meet the condition; null where no limit was given. */
  total: number | null;
}

/** What becomes of what is new. Attributes: EVOLVE: The dataset takes it on. FREEZE: The load is refused. DISCARD_ROW: Rows that have it are left out. DISCARD_VALUE: It is left out, and the rest of the row stays. */
export type Rule = "evolve" | "freeze" | "discard_row" | "discard_value";

export interface RunDetail {
  id: string;
  kind: RunKind;
  name: string;
  status: RunStatus;
  started: string;
  finished: string | null;
  seconds: number | null;
  principal: string;
  /** The run that started this one. */
  parent: string | null;
  parameters: { [name: string]: Value };
  /** Why it failed; where a policy hides some of what it read, only that it did. */
  error: string | null;
  /** What made its result, as far as it has come. */
  receipt: Receipt;
}

export interface RunItem {
  id: string;
  kind: RunKind;
  name: string;
  status: RunStatus;
  started: string;
  finished: string | null;
  seconds: number | null;
  principal: string;
  /** The run that started this one. */
  parent: string | null;
  parameters: { [name: string]: Value };
  /** Why it failed; where a policy hides some of what it read, only that it did. */
  error: string | null;
}

export type RunKind = "notebook" | "pipeline" | "report" | "replay" | "sync" | "upload" | "transform" | "refresh";

export interface RunList {
  items: RunItem[];
  next: string | null;
}

/** A part of what a run printed and logged. */
export interface RunLog {
  run: string;
  text: string;
  offset: number;
  /** Of the whole log, in bytes; a run that still runs makes it grow. */
  size: number;
  /** Where to go on; null at the end. */
  next: number | null;
}

export type RunState = "running" | "ok" | "failed" | "cancelled" | "timed out";

export type RunStatus = "running" | "succeeded" | "failed" | "skipped";

/** What a token may be used for. A token never allows more than its user's role does. `keep` is for new queries and metrics alone; `run`, for changes of all kinds, has it in it. */
export type Scope = "read" | "keep" | "run" | "admin";

export interface SessionsNumber {
  /** The start of the period. */
  period?: string | null;
  /** Values of the columns that the sessions are told apart by. */
  by?: { [name: string]: Value };
}

export interface SessionsQuestion {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A longer pause ends a session. */
  gap?: string;
  /** Columns of which a session's first event's value counts. */
  by?: string[];
  /** By the period in which they began; null for all together. */
  grain?: string | null;
}

export interface SessionsSubjects {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A longer pause ends a session. */
  gap?: string;
  /** Columns of which a session's first event's value counts. */
  by?: string[];
  /** By the period in which they began; null for all together. */
  grain?: string | null;
  /** Which number. */
  cell: SessionsNumber;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

export interface SharingBody {
  /** The least role that may see and run it; null: its owner alone. */
  role: Role | null;
}

/** Nothing more to say. */
export interface SourceAct {
}

export interface SourceBody {
  /** Letters, digits, - and _, a letter first; at most 63. */
  name: string;
  /** A path or a URL, without a password. */
  url: string;
  /** The dataset; made by the first sync. */
  into: string;
  /** mode, table, key, cursor and the like: see docs/sources.md. */
  settings?: { [name: string]: Value };
}

export interface SourceChange {
  /** What is to be otherwise. */
  settings: { [name: string]: Value };
}

/** A data source, and how it was last synced. */
export interface SourceItem {
  name: string;
  /** What it is, by its URL: postgresql, file. */
  kind: string;
  /** What it says, without what it leaves as it is by default. */
  definition: { [name: string]: Value };
  /** Counts its changes, from 1. */
  version: number;
  owner: string;
  created: string;
  updated: string;
  saved_by: string;
  /** Since when it may not be synced. */
  paused: string | null;
  /** Rows of its dataset that the asker may see; null before the first sync. */
  records: number | null;
  last: SyncItem | null;
}

export interface SourceList {
  items: SourceItem[];
}

export interface SourceRemoved {
  name: string;
}

export interface SourceTested {
  /** Column -> its type. */
  columns: { [name: string]: string };
  /** In the first batch. */
  rows: number;
  /** Whether it can be asked for the rows beyond its cursor alone. */
  incremental: boolean;
}

/** What a listener hears first. */
export interface Start {
  /** Of the newest change there is. */
  number: number;
}

/** Events of one name, or of any, that meet a condition. */
export interface Step {
  /** The event's name; null for any. */
  event?: string | null;
  /** SQL condition over one row's columns. */
  where?: string | null;
  /** What the answer calls it; by default the event's name. */
  label?: string;
}

export interface StickinessNumber {
  /** In how many. */
  periods: number;
  /** Only of this value; null for the missing one. */
  breakdown?: string | null;
}

export interface StickinessQuestion {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value is a subject's: that of its first such event, or its last. */
  attribution?: "first" | "last";
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** An event's name, or one with a condition. */
  step: string | Step;
  /** How time is cut. */
  grain?: "hour" | "day" | "week" | "month";
  /** In so many periods or more. */
  cumulative?: boolean;
}

export interface StickinessSubjects {
  /** The dataset's name. */
  dataset: string;
  /** From and before, as dates or times; null for an open end. By default all there is. */
  between?: Value[] | null;
  /** A cohort's name, or conditions: only its subjects. */
  within?: string | { [name: string]: Value } | null;
  /** Which columns are subject, event and time; by default those of the dataset's layout. */
  columns?: EventColumns | null;
  /** Whose midnight starts a day. */
  time_zone?: string;
  /** Of the dataset; by default the newest. */
  version?: number | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number;
  /** A column, or a SQL expression over one row's columns. */
  breakdown?: string | null;
  /** Whose value is a subject's: that of its first such event, or its last. */
  attribution?: "first" | "last";
  /** So many values are told apart; the rest is '(other)'. */
  top?: number;
  /** An event's name, or one with a condition. */
  step: string | Step;
  /** How time is cut. */
  grain?: "hour" | "day" | "week" | "month";
  /** In so many periods or more. */
  cumulative?: boolean;
  /** Which number. */
  cell: StickinessNumber;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

/** What is said of a number's subjects. */
export interface SubjectsHead {
  /** The number in words. */
  what: string;
  /** The dataset's column of subjects. */
  column: string;
}

export interface SyncBody {
  /** Load all of it, in the place of what is there. */
  anew?: boolean;
}

/** One sync. */
export interface SyncItem {
  /** Its run, whose receipt says all of it. */
  run: string;
  mode: string;
  by: string;
  started: string;
  finished: string | null;
  outcome: "running" | "succeeded" | "failed";
  /** That were loaded; null where a policy hides some of the dataset. */
  rows: number | null;
  /** That were taken out, being deleted at the source; null likewise. */
  removed: number | null;
  /** That were held back, as they do not fit what is expected; null likewise. */
  held: number | null;
  /** Of the dataset, afterwards. */
  version: number | null;
  /** Whether all rows of the source were read. */
  everything: boolean;
  /** What somebody should know. */
  notes: string[];
  error: string | null;
  /** What to do about the error. */
  hint: string | null;
}

export interface SyncList {
  items: SyncItem[];
}

export interface TextFacts {
  /** In characters. */
  shortest: number | null;
  longest: number | null;
  mean_length: number | null;
  empty: number;
  /** With white space at one of its ends. */
  padded: number;
  hints: TextHint[];
  shapes: TextHint[];
}

export interface TextHint {
  /** A kind, such as 'email address', or a shape, such as 'AA-999'. */
  what: string;
  /** Of the rows that were looked at. */
  count: number;
}

export interface TimeFacts {
  min: string | null;
  max: string | null;
  /** From the least to the greatest. */
  seconds: number;
  /** How long the periods are. */
  grain: "minute" | "hour" | "day";
  /** From the first to the last. */
  periods: number;
  /** How many of these have no row. */
  without: number;
  /** First and last period of the longest run of them without a row. */
  gap: string[] | null;
}

export interface TransformApplied {
  /** Its run, whose receipt says all of it. */
  run: string;
  dataset: string;
  /** The newest; the one before where nothing changed. */
  version: number;
  /** That came out. */
  rows: number;
  added: number;
  changed: number;
  unchanged: number;
  removed: number;
  /** Rows that were taken out. */
  quarantined: number;
  /** What holds them: ids of `/datasets/{name}/quarantine`. */
  held: string[];
}

/** What a file of transforms says. */
export interface TransformItem {
  name: string;
  description: string;
  /** The dataset it is for; empty where none is said. */
  reads: string;
  /** The dataset that gets the result. */
  into: string;
  key: string[];
  /** How the result is loaded. */
  mode: Mode;
  /** In order, each as name -> what it takes. */
  transforms: { [name: string]: Value }[];
}

export interface TransformList {
  items: TransformItem[];
  /** What is wrong with files that are left out, each with its lines. */
  problems: string[];
}

/** What comes of the first rows. */
export interface TransformPreview {
  columns: Column[];
  /** The rows that come out, a list each; see Column for the values. */
  values: Value[][];
  /** How many rows went in. */
  rows: number;
  /** Of how many. */
  total: number;
  quarantine_columns: Column[];
  /** The rows that would be taken out; the last says why. */
  quarantine_values: Value[][];
}

export interface TransformPreviewOf {
  /** How many rows go in, at most. */
  rows?: number;
  /** Another dataset than the file says. */
  reads?: string | null;
  /** Others than the file has, to try them. */
  transforms?: Value[] | null;
}

/** What is to be otherwise than the file says. */
export interface TransformSettings {
  /** The dataset that is transformed. */
  reads?: string | null;
  /** The dataset that gets the result. */
  into?: string | null;
  /** The columns that tell the result's rows apart. */
  key?: string[] | null;
  /** How the result is loaded. */
  mode?: Mode | null;
}

export interface TrendPoint {
  checked: string;
  version: number | null;
  passed: boolean;
  failed: number;
  rows: number;
}

/** A file that somebody sends. */
export interface UploadItem {
  id: string;
  /** What it is called where it comes from. */
  file: string;
  owner: string;
  /** Bytes, as was said at the beginning. */
  size: number;
  /** How many of them are here: where the next piece begins. */
  received: number;
  state: UploadState;
  created: string;
  /** When something was last done with it; long after that it is forgotten. */
  touched: string;
  /** What it was loaded into. */
  dataset: string | null;
  /** The version that made. */
  version: number | null;
  /** The run that loaded it, or tried to last. */
  run: string | null;
}

export interface UploadList {
  items: UploadItem[];
}

/** What the file would be as a dataset. */
export interface UploadPreview {
  upload: string;
  /** csv, json, ndjson, parquet or xlsx, as its bytes say. */
  format: string;
  /** Of delimited text. */
  separator: string | null;
  /** Of delimited text. */
  encoding: string | null;
  /** Of a workbook. */
  sheets: string[];
  columns: Column[];
  /** The first, a list per row; see Column for the values. */
  rows: Value[][];
  /** How many rows there are. */
  total: number;
  /** Columns of times without a zone, for which `time_zone` has to be said. */
  zoneless: string[];
}

/** How far an upload is. Attributes: RECEIVING: Not all of its bytes are here. RECEIVED: All are; it can be looked at and loaded. LOADED: It is in a dataset, and its bytes are gone. */
export type UploadState = "receiving" | "received" | "loaded";

/** What a version did to rows and columns; a number is null where nobody counted, or the asker is not told. */
export interface VersionEffect {
  added: number | null;
  /** Rows that took the place of another of the same key. */
  changed: number | null;
  removed: number | null;
  columns_added: string[];
  columns_removed: string[];
  columns_retyped: Retyped[];
}

export interface VersionItem {
  number: number;
  time: string;
  operation: string;
  principal: string;
  run: string | null;
  effect: VersionEffect;
  /** The effect in words. */
  told: string;
}

export interface VersionList {
  items: VersionItem[];
  next: string | null;
}

export interface ViewBody {
  /** One SELECT over datasets. */
  sql: string;
  /** What it is, for who finds it in a list. */
  description?: string;
}

/** How a view can be brought up to date, and what a refresh would do now. */
export interface ViewExplained {
  view: string;
  /** Its datasets, and their newest versions. */
  reads: { [name: string]: number };
  /** How it may be carried on; whole: it may not. */
  can: "whole" | "rows" | "groups";
  /** Why it is always computed whole; empty where it is not. */
  cannot: string;
  /** What a refresh would do. */
  way: "whole" | "rows" | "groups" | "unchanged";
  why: string;
}

/** A materialized view, and how it was last refreshed. */
export interface ViewItem {
  /** Its dataset's, too. */
  name: string;
  sql: string;
  description: string;
  /** Counts the changes of what it says, from 1; 0 for a file that nobody has asked for. */
  version: number;
  /** Whoever defined it; empty where the version is 0. */
  owner: string;
  created: string;
  updated: string;
  saved_by: string;
  last: RefreshItem | null;
}

export interface ViewList {
  items: ViewItem[];
}

export interface ViewRemoved {
  name: string;
}

/** GET /datasets: Datasets, found by words and owner. */
export interface DatasetsParameters {
  /** Words that name, description, source, owner or columns have. */
  search?: string;
  /** Only what this user owns. */
  owner?: string | null;
  /** By what; descending with a leading minus. */
  sort?: "name" | "-name" | "updated" | "-updated" | "rows" | "-rows" | "bytes" | "-bytes";
  /** At most so many items. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string | null;
}

/** GET /datasets/{name}: Columns, key, origin and freshness of a dataset. */
export interface DatasetsNameParameters {
  /** Which version; the newest when not given. */
  version?: number | null;
}

/** GET /datasets/{name}/preview: Some of a dataset's rows. */
export interface DatasetsNamePreviewParameters {
  /** Which columns, in this order; all when none is given. */
  columns?: string[];
  /** SQL condition over one row's columns: origin = 'JFK' AND delay > 15. */
  where?: string | null;
  /** Columns to sort by, descending with a leading minus. */
  order?: string[];
  /** Which version; the newest when not given. */
  version?: number | null;
  /** How many rows to leave out at the beginning. */
  offset?: number;
  /** At most so many rows. */
  limit?: number;
}

/** GET /datasets/{name}/rows: A dataset's rows, all of them. */
export interface DatasetsNameRowsParameters {
  /** Which columns, in this order; all when none is given. */
  columns?: string[];
  /** SQL condition over one row's columns: origin = 'JFK' AND delay > 15. */
  where?: string | null;
  /** Columns to sort by, descending with a leading minus. */
  order?: string[];
  /** Which version; the newest when not given. */
  version?: number | null;
  /** How many rows to leave out at the beginning, where there is a limit. */
  offset?: number;
  /** At most so many rows; all when not given. */
  limit?: number | null;
}

/** GET /sources/{name}/history: The syncs of a source, newest first. */
export interface SourcesNameHistoryParameters {
  /** At most so many items. */
  limit?: number;
}

/** GET /views/{name}/history: The refreshes of a view, newest first. */
export interface ViewsNameHistoryParameters {
  /** At most so many items. */
  limit?: number;
}

/** GET /datasets/{name}/quality: What checks of a dataset found, the newest and over time. */
export interface DatasetsNameQualityParameters {
  /** How many checks, at most. */
  limit?: number;
}

/** GET /datasets/{name}/quality/checks: What each of the latest checks of a dataset found, expectation by expectation. */
export interface DatasetsNameQualityChecksParameters {
  /** How many checks, at most. */
  limit?: number;
}

/** GET /datasets/{name}/profile: What a dataset looks like: missing, distinct and most frequent values, ranges, gaps, correlations. */
export interface DatasetsNameProfileParameters {
  /** Which version; by default the newest. */
  version?: number | null;
  /** How many rows are held at a time, at most. */
  rows?: number | null;
  /** What a sample is drawn with. */
  seed?: number;
}

/** GET /datasets/{name}/versions: Its commits, newest first, and what each did. */
export interface DatasetsNameVersionsParameters {
  /** At most so many items. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string | null;
  /** Only versions with a lower number. */
  before?: number | null;
}

/** GET /datasets/{name}/diff: What is different between two versions. */
export interface DatasetsNameDiffParameters {
  /** A version. */
  before: number;
  /** Another; the newest when not given. */
  after?: number | null;
  /** Columns that tell rows apart; the dataset's key when not given. */
  key?: string[];
  /** Compare whole rows, whatever the dataset's key. */
  whole?: boolean;
  /** At most so many rows of each kind. */
  limit?: number;
}

/** GET /datasets/{name}/diff/rows: The rows that differ between two versions. */
export interface DatasetsNameDiffRowsParameters {
  /** A version. */
  before: number;
  /** Another; the newest when not given. */
  after?: number | null;
  /** Columns that tell rows apart; the dataset's key when not given. */
  key?: string[];
  /** Compare whole rows, whatever the dataset's key. */
  whole?: boolean;
  /** At most so many rows of each kind. */
  limit?: number;
}

/** GET /lineage/{kind}/{name}: What a dataset, metric, model, report, dashboard or source was made of, and what was made of it. */
export interface LineageKindNameParameters {
  /** At most so many steps to where it comes from. */
  up?: number | null;
  /** At most so many steps to what was made of it. */
  down?: number | null;
}

/** GET /datasets/{name}/quarantine: Rows that are held back from a dataset. */
export interface DatasetsNameQuarantineParameters {
  /** With those that were loaded, parted or discarded. */
  every?: boolean;
}

/** GET /datasets/{name}/quarantine/{id}: Some of them, and why each is. */
export interface DatasetsNameQuarantineIdParameters {
  /** At most so many rows. */
  limit?: number;
}

/** PUT /uploads/{id}/content: Send its bytes, all at once or piece by piece. What came of a piece that was cut off stays. */
export interface PutUploadsIdContentParameters {
  /** Where the piece begins: what `received` says. */
  offset?: number;
}

/** GET /metrics/query: Metrics by dimension and time. */
export interface MetricsQueryParameters {
  /** Names of metrics. */
  metric: string[];
  /** Names of dimensions that all of them have. */
  by?: string[];
  /** minute, hour, day, week, month, quarter, year or default: adds `time`. */
  grain?: string | null;
  /** SQL condition over rows and dimensions: origin = 'JFK'. */
  where?: string | null;
  /** Beginning of the time range, as a date or time. */
  from?: string | null;
  /** End of the time range, itself left out. */
  to?: string | null;
  /** SQL condition over the result's columns: flights >= 100. */
  having?: string | null;
  /** Columns of the result to sort by, descending with a leading minus. */
  order?: string[];
  /** Whose midnight starts a day; by default the first metric's. */
  time_zone?: string | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number | null;
  /** previous period or previous year: adds `M_before` and `M_change` for each metric M. */
  compare?: string | null;
  /** Whether rollups may answer, may not, or have to; by default the setting `rollups`. */
  rollups?: "use" | "off" | "only" | null;
  /** At most so many rows. */
  limit?: number;
}

/** GET /metrics/query/rows: The same, with every type as it is and without a limit. */
export interface MetricsQueryRowsParameters {
  /** Names of metrics. */
  metric: string[];
  /** Names of dimensions that all of them have. */
  by?: string[];
  /** minute, hour, day, week, month, quarter, year or default: adds `time`. */
  grain?: string | null;
  /** SQL condition over rows and dimensions: origin = 'JFK'. */
  where?: string | null;
  /** Beginning of the time range, as a date or time. */
  from?: string | null;
  /** End of the time range, itself left out. */
  to?: string | null;
  /** SQL condition over the result's columns: flights >= 100. */
  having?: string | null;
  /** Columns of the result to sort by, descending with a leading minus. */
  order?: string[];
  /** Whose midnight starts a day; by default the first metric's. */
  time_zone?: string | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number | null;
  /** previous period or previous year: adds `M_before` and `M_change` for each metric M. */
  compare?: string | null;
  /** Whether rollups may answer, may not, or have to; by default the setting `rollups`. */
  rollups?: "use" | "off" | "only" | null;
  /** At most so many rows; all when not given. */
  limit?: number | null;
}

/** GET /metrics/query/explain: How metrics are computed. */
export interface MetricsQueryExplainParameters {
  /** Names of metrics. */
  metric: string[];
  /** Names of dimensions that all of them have. */
  by?: string[];
  /** minute, hour, day, week, month, quarter, year or default: adds `time`. */
  grain?: string | null;
  /** SQL condition over rows and dimensions: origin = 'JFK'. */
  where?: string | null;
  /** Beginning of the time range, as a date or time. */
  from?: string | null;
  /** End of the time range, itself left out. */
  to?: string | null;
  /** SQL condition over the result's columns: flights >= 100. */
  having?: string | null;
  /** Columns of the result to sort by, descending with a leading minus. */
  order?: string[];
  /** Whose midnight starts a day; by default the first metric's. */
  time_zone?: string | null;
  /** 1 (Monday) to 7 (Sunday). */
  week_start?: number | null;
  /** previous period or previous year: adds `M_before` and `M_change` for each metric M. */
  compare?: string | null;
  /** Whether rollups may answer, may not, or have to; by default the setting `rollups`. */
  rollups?: "use" | "off" | "only" | null;
  /** At most so many rows; all when not given. */
  limit?: number | null;
}

/** DELETE /metrics/{name}: Takes a definition out of the catalog; its history stays. */
export interface DeleteMetricsNameParameters {
  /** Why, for whoever reads the history. */
  comment?: string;
}

/** GET /cohorts/{name}/subjects: Who is in a cohort now, among the rows that the asker sees. */
export interface CohortsNameSubjectsParameters {
  /** The column of who did it, where the dataset does not say. */
  subject?: string | null;
  /** The column of what was done, likewise. */
  event?: string | null;
  /** The column of when, likewise. */
  time?: string | null;
  /** The column that tells events apart. */
  id?: string | null;
  /** At most so many subjects; how many there are is told. */
  limit?: number;
}

/** GET /cohorts/{name}/subjects/rows: All who are in a cohort now, among the rows that the asker sees. */
export interface CohortsNameSubjectsRowsParameters {
  /** The column of who did it, where the dataset does not say. */
  subject?: string | null;
  /** The column of what was done, likewise. */
  event?: string | null;
  /** The column of when, likewise. */
  time?: string | null;
  /** The column that tells events apart. */
  id?: string | null;
}

/** GET /queries: Saved queries, found by words and owner. */
export interface QueriesParameters {
  /** Words that name, description, owner or datasets have. */
  search?: string;
  /** Only what this user owns. */
  owner?: string | null;
}

/** GET /queries/{name}: What a query says. */
export interface QueriesNameParameters {
  /** Which version of it; the newest when not given. */
  version?: number | null;
}

/** GET /query-runs: Who ran what, newest first: one's own runs. */
export interface QueryRunsParameters {
  /** Only of this query. */
  query?: string | null;
  /** Only those that ended like this, or still run. */
  state?: "running" | "ok" | "failed" | "cancelled" | "timed out" | null;
  /** At most so many items. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string | null;
}

/** GET /runs: Runs, newest first. */
export interface RunsParameters {
  /** Only of this kind. */
  kind?: "notebook" | "pipeline" | "report" | "replay" | "sync" | "upload" | "transform" | "refresh" | null;
  /** Only those that ended like this, or still run. */
  status?: "running" | "succeeded" | "failed" | "skipped" | null;
  /** Only of this notebook, pipeline or report. */
  name?: string | null;
  /** Only those that this run started. */
  parent?: string | null;
  /** At most so many items. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string | null;
}

/** GET /runs/{id}/log: What a run printed and logged. */
export interface RunsIdLogParameters {
  /** Where to begin, in bytes: 0, or the `next` of the page before. */
  offset?: number;
  /** At most so many bytes. */
  limit?: number;
}

/** GET /reports/{name}/runs: Its rendered runs. */
export interface ReportsNameRunsParameters {
  /** At most so many items. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string | null;
}
