-- Browsers that want a channel's pushes: personal data, gone when they
-- unsubscribe. The body holds the endpoint and the keys of that browser.
CREATE TABLE subscription (
  channel TEXT NOT NULL,
  id      TEXT NOT NULL,
  at_ms   INTEGER NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (channel, id)
) STRICT, WITHOUT ROWID;
