-- Times are wall-clock milliseconds, 0 = not yet, unless a column says hour or
-- day: those count from 1970-01-01T00:00Z. docs/decisions/0003-state.md says
-- why history looks the way it does.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES
  ('writes', 0),     -- counts the "can it write?" checks
  ('raw_floor', 0),  -- blocks of hours before this one were deleted
  ('hour_floor', 0); -- roll-ups of hours before this one were deleted

CREATE TABLE probe (
  name    TEXT PRIMARY KEY,
  kind    TEXT NOT NULL,
  target  TEXT NOT NULL,
  verdict TEXT,
  last    TEXT,
  seen_ms INTEGER NOT NULL
) STRICT;

-- Apart from probe: it may be large, and changes far less often.
CREATE TABLE memory (
  probe TEXT PRIMARY KEY REFERENCES probe (name) ON DELETE CASCADE,
  body  TEXT NOT NULL
) STRICT;

CREATE TABLE incident (
  id          TEXT PRIMARY KEY,
  probe       TEXT NOT NULL,
  status      INTEGER NOT NULL,
  severity    INTEGER NOT NULL,
  opened_ms   INTEGER NOT NULL,
  resolved_ms INTEGER NOT NULL,
  updated_ms  INTEGER NOT NULL,
  body        TEXT NOT NULL
) STRICT;
CREATE INDEX incident_opened ON incident (opened_ms, id);
CREATE INDEX incident_probe ON incident (probe, opened_ms, id);
CREATE INDEX incident_unresolved ON incident (opened_ms, id)
  WHERE resolved_ms = 0;
CREATE INDEX incident_resolved ON incident (resolved_ms)
  WHERE resolved_ms <> 0;

CREATE TABLE event (
  incident TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  at_ms    INTEGER NOT NULL,
  type     INTEGER NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (incident, seq)
) STRICT;

CREATE TABLE delivery (
  incident   TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  channel    TEXT NOT NULL,
  status     INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  due_ms     INTEGER NOT NULL,
  done_ms    INTEGER NOT NULL,
  code       INTEGER NOT NULL,
  detail     TEXT,
  PRIMARY KEY (incident, seq, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_pending ON delivery (due_ms) WHERE status = 0;

CREATE TABLE finding (
  probe    TEXT NOT NULL,
  key      TEXT NOT NULL,
  at_ms    INTEGER NOT NULL,
  incident TEXT,
  PRIMARY KEY (probe, key)
) STRICT, WITHOUT ROWID;

-- History. A series is one probe seen from one region.
CREATE TABLE series (
  id       INTEGER PRIMARY KEY,
  probe    TEXT NOT NULL,
  region   TEXT NOT NULL,
  last_day INTEGER NOT NULL, -- the newest day that anything is known of
  UNIQUE (probe, region)
) STRICT;

-- Observations in the order of their arrival, until they are packed.
CREATE TABLE recent (
  id          INTEGER PRIMARY KEY,
  series      INTEGER NOT NULL,
  at_ms       INTEGER NOT NULL,
  flags       INTEGER NOT NULL, -- outcome, + 4 when there is a detail
  duration_us INTEGER
) STRICT;

-- One series' observations of one hour (state/block.h).
CREATE TABLE block (
  hour    INTEGER NOT NULL,
  series  INTEGER NOT NULL,
  samples BLOB NOT NULL,
  PRIMARY KEY (hour, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE detail (
  at_ms  INTEGER NOT NULL,
  series INTEGER NOT NULL,
  body   TEXT NOT NULL,
  PRIMARY KEY (at_ms, series)
) STRICT, WITHOUT ROWID;

-- Step 0 = hours, 1 = days. Latencies of ok and degraded runs; latency is
-- their histogram (state/histogram.h), NULL when there were none.
CREATE TABLE rollup (
  step     INTEGER NOT NULL,
  n        INTEGER NOT NULL, -- which hour or day
  series   INTEGER NOT NULL,
  ok       INTEGER NOT NULL,
  degraded INTEGER NOT NULL,
  failed   INTEGER NOT NULL,
  unknown  INTEGER NOT NULL,
  p50_us   INTEGER,
  p90_us   INTEGER,
  p99_us   INTEGER,
  max_us   INTEGER,
  latency  BLOB,
  PRIMARY KEY (step, n, series)
) STRICT, WITHOUT ROWID;

-- Hours and days whose roll-up is to be worked out (again).
CREATE TABLE stale (
  step   INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  series INTEGER NOT NULL,
  PRIMARY KEY (step, n, series)
) STRICT, WITHOUT ROWID;
