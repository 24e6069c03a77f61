-- Silences and maintenance windows that people made (the configuration has its
-- own): alerting/mute.h as JSON.
CREATE TABLE mute (
  id   TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
