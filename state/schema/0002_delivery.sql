-- What a delivery needs beside its event: to be merged with others, to be
-- proven, to be followed up on the other side.
ALTER TABLE delivery ADD COLUMN event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN severity INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN batch TEXT;     -- the message it went out in
ALTER TABLE delivery ADD COLUMN grouping TEXT;  -- others of it may join
ALTER TABLE delivery ADD COLUMN because TEXT;
ALTER TABLE delivery ADD COLUMN remote_id TEXT; -- what the receiver calls it
ALTER TABLE delivery ADD COLUMN poll_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN fallback_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX delivery_poll ON delivery (poll_ms) WHERE poll_ms <> 0;
CREATE INDEX delivery_proof ON delivery (channel, done_ms) WHERE status = 1;

-- Every attempt of every message, whatever came of it.
CREATE TABLE attempt (
  message   TEXT NOT NULL, -- begins with an incident's id
  n         INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  took_us   INTEGER NOT NULL,
  status    INTEGER NOT NULL,
  code      INTEGER NOT NULL,
  remote_id TEXT,
  detail    TEXT,
  PRIMARY KEY (message, n)
) STRICT, WITHOUT ROWID;

-- Who was told is kept by channel now.
UPDATE incident SET body = json_remove(body, '$.told_severities');
