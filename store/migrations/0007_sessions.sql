-- One session an account, limits that hold at once, and what is left of a
-- session when it is over (AA8, AA13).

-- A person's limits are the settings, not a value frozen at sign-in; only a
-- system's session has its own.
ALTER TABLE guichet.session
    ALTER COLUMN idle DROP NOT NULL,
    ALTER COLUMN expires DROP NOT NULL,
    ADD COLUMN person  bytea,
    ADD COLUMN present timestamptz,
    ADD COLUMN watched boolean NOT NULL DEFAULT true,
    ADD COLUMN until   timestamptz;
COMMENT ON COLUMN guichet.session.idle IS 'Of a system; NULL for a person, whose limits are in session_limit.';
COMMENT ON COLUMN guichet.session.expires IS 'Of a system; NULL for a person.';
COMMENT ON COLUMN guichet.session.person IS 'Who signed in: as identity.subject. pseudonym';
COMMENT ON COLUMN guichet.session.present IS 'The last sign of the browser; NULL if it never gave one. It is no action (AA8.c).';
COMMENT ON COLUMN guichet.session.until IS 'When the provider''s own session is over, which this one must not outlive; NULL where it has no such rule.';
COMMENT ON COLUMN guichet.session.watched IS 'Until the sweeper has seen its end.';
UPDATE guichet.session SET idle = NULL, expires = NULL WHERE listener = 'guichet_portal';
UPDATE guichet.session s SET watched = false WHERE EXISTS (SELECT FROM guichet.session_end e WHERE e.session = s.id);
CREATE INDEX session_watched_idx ON guichet.session (opened) WHERE watched;
CREATE INDEX session_over_idx ON guichet.session (opened) WHERE NOT watched;
CREATE INDEX session_kept_idx ON guichet.session (opened) WHERE NOT watched AND sealed IS NOT NULL;

-- A person's session lives while it has the greatest turn of its account: of
-- any set of turns that are committed exactly one is the greatest, whoever
-- raced whom, and nobody waits for anybody (AA8.a; monitor, section 6).
CREATE TABLE guichet.session_turn (
    turn    bigint      GENERATED ALWAYS AS IDENTITY (CACHE 1) CONSTRAINT session_turn_pkey PRIMARY KEY,
    session uuid        NOT NULL CONSTRAINT session_turn_session_fkey REFERENCES guichet.session,
    account uuid        NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX session_turn_account_idx ON guichet.session_turn (account, turn) INCLUDE (session);
CREATE INDEX session_turn_session_idx ON guichet.session_turn (session);
COMMENT ON TABLE guichet.session_turn IS 'Which session of an account lives: the one with the greatest turn. pseudonym';
INSERT INTO guichet.session_turn (session, account, at)
SELECT s.id, s.account, s.opened FROM guichet.session s WHERE s.listener = 'guichet_portal' AND s.watched ORDER BY s.opened;

-- What decide compares a session with, in one row, kept by change_setting.
CREATE TABLE guichet.session_limit (
    single   boolean  NOT NULL DEFAULT true CONSTRAINT session_limit_pkey PRIMARY KEY CONSTRAINT session_limit_single_check CHECK (single),
    idle     interval NOT NULL,
    lifetime interval NOT NULL,
    mode     text     NOT NULL,
    presence interval NOT NULL
);
COMMENT ON TABLE guichet.session_limit IS 'The settings session.*, as they are now. public';
INSERT INTO guichet.session_limit (idle, lifetime, mode, presence) VALUES ('15 minutes', '8 hours', 'replace', '2 minutes');

CREATE TABLE guichet.incident (
    session uuid        NOT NULL,
    account uuid        NOT NULL,
    at      timestamptz NOT NULL,
    entry   bigint      NOT NULL
);
CREATE INDEX incident_session_idx ON guichet.incident (session);
COMMENT ON TABLE guichet.incident IS 'Somebody said: that was not me (AA8.e). pseudonym';

-- Sessions and used states are forgotten after a while; traces are not.
GRANT SELECT, INSERT, DELETE ON guichet.session_turn TO guichet_monitor;
GRANT SELECT, UPDATE ON guichet.session_limit TO guichet_monitor;
GRANT SELECT, INSERT ON guichet.incident TO guichet_monitor;
GRANT UPDATE (present, watched) ON guichet.session TO guichet_monitor;
GRANT DELETE ON guichet.session, guichet.session_end, guichet.sign_in_attempt TO guichet_monitor;
CREATE INDEX sign_in_attempt_at_idx ON guichet.sign_in_attempt (at);
