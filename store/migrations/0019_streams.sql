-- Entries leave the machine as they get their places, to receivers outside: how far
-- each of them has come is kept here, so that a process that dies loses nothing.
CREATE TABLE guichet.log_stream (
    name    text        CONSTRAINT log_stream_pkey PRIMARY KEY,
    place   bigint      NOT NULL,
    moved   timestamptz NOT NULL,
    watched boolean     NOT NULL
);
COMMENT ON TABLE guichet.log_stream IS 'How far each receiver outside has come in the log. public';
COMMENT ON COLUMN guichet.log_stream.name IS 'As the configuration calls it.';
COMMENT ON COLUMN guichet.log_stream.place IS 'The place of the next entry that it gets: it has taken all before.';
COMMENT ON COLUMN guichet.log_stream.moved IS 'When it took the last of them.';
COMMENT ON COLUMN guichet.log_stream.watched IS 'The configuration still names it: one that stands still rings.';
GRANT SELECT, INSERT, UPDATE ON guichet.log_stream TO guichet_monitor;
