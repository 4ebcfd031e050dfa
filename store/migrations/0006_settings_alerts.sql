-- What the hospital chooses, and what it must be told at once.

-- A change is a row added under the entry that says who made it; the latest of
-- a name is in force. Without one, setting_of gives the default.
CREATE TABLE guichet.setting (
    name  text        NOT NULL,
    value text        NOT NULL,
    at    timestamptz NOT NULL,
    entry bigint      NOT NULL,
    CONSTRAINT setting_pkey PRIMARY KEY (name, entry)
);
COMMENT ON TABLE guichet.setting IS 'What the hospital chose, and under which entry (AA13.c). public';

-- An alert tells the kind of what happened and the entry that holds the rest;
-- about keeps one cause from ringing many times.
CREATE TABLE guichet.alert (
    id    bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT alert_pkey PRIMARY KEY,
    at    timestamptz NOT NULL,
    kind  text        NOT NULL,
    about bytea       NOT NULL,
    entry bigint      NOT NULL
);
CREATE INDEX alert_about_idx ON guichet.alert (kind, about, at);
COMMENT ON TABLE guichet.alert IS 'What an operator must see (AA7.f). pseudonym';
COMMENT ON COLUMN guichet.alert.about IS 'What the alert is about, as a digest: the same within an hour rings once. pseudonym';

GRANT SELECT, INSERT ON guichet.setting, guichet.alert TO guichet_monitor;
