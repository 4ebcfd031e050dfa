-- Each channel of a role has its own memory of what it told: one whose receiver
-- is away tries again, less and less often, and holds up no other.
ALTER TABLE guichet.alert_taken
    ADD COLUMN channel text NOT NULL DEFAULT 'log', ADD COLUMN tries integer NOT NULL DEFAULT 1,
    ADD COLUMN until timestamptz, ADD COLUMN told timestamptz;
UPDATE guichet.alert_taken SET until = at, told = at;
ALTER TABLE guichet.alert_taken
    ALTER COLUMN channel DROP DEFAULT, ALTER COLUMN tries DROP DEFAULT, ALTER COLUMN until SET NOT NULL,
    DROP CONSTRAINT alert_taken_pkey, ADD CONSTRAINT alert_taken_pkey PRIMARY KEY (alert, login, channel);
COMMENT ON TABLE guichet.alert_taken IS 'Which alerts a role has announced, or is about to, by which channel. public';
COMMENT ON COLUMN guichet.alert_taken.until IS 'Whose it is until then; after that it is anybody''s of the role again, unless it was told.';
COMMENT ON COLUMN guichet.alert_taken.told IS 'When the receiver had it.';
GRANT UPDATE (tries, until, told) ON guichet.alert_taken TO guichet_monitor;
