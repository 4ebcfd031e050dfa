-- What is rung for is looked for behind the reads, in what the log has: no page
-- waits for it. What was there before today does not ring.
CREATE TABLE guichet.watch_state (entry bigint NOT NULL);
INSERT INTO guichet.watch_state SELECT s.entry FROM guichet.log_state s;
COMMENT ON TABLE guichet.watch_state IS 'Up to which entry reads were looked at: one row, whose lock is had by who looks. public';

CREATE TABLE guichet.watch_refused (
    about   uuid        CONSTRAINT watch_refused_pkey PRIMARY KEY,
    refused integer     NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX watch_refused_at_idx ON guichet.watch_refused (at);
COMMENT ON TABLE guichet.watch_refused IS 'How many reads of an account, or of a session, were refused since the last that was not; for a day. pseudonym';

CREATE TABLE guichet.watch_reader (
    account uuid        NOT NULL,
    patient uuid        NOT NULL,
    at      timestamptz NOT NULL,
    CONSTRAINT watch_reader_pkey PRIMARY KEY (account, patient)
);
CREATE INDEX watch_reader_at_idx ON guichet.watch_reader (at);
COMMENT ON TABLE guichet.watch_reader IS 'Whose records a professional read last when, within the window of alert.patients. pseudonym';

GRANT SELECT, UPDATE ON guichet.watch_state TO guichet_monitor;
GRANT SELECT, INSERT, UPDATE, DELETE ON guichet.watch_refused, guichet.watch_reader TO guichet_monitor;
