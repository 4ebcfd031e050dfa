-- Entries become evidence (TR3.e): each is stored in the bytes that are proved,
-- and has a place in a Merkle log whose checkpoints are signed.
ALTER TYPE guichet.verdict ADD ATTRIBUTE purpose text, ADD ATTRIBUTE before bytea, ADD ATTRIBUTE after bytea;

ALTER TABLE guichet.trace
    ADD COLUMN behalf uuid, ADD COLUMN purpose text, ADD COLUMN before bytea, ADD COLUMN after bytea, ADD COLUMN process uuid,
    ADD COLUMN context bytea, ADD COLUMN bytes bytea;
ALTER TABLE guichet.trace ALTER COLUMN context SET STORAGE MAIN, ALTER COLUMN bytes SET STORAGE EXTERNAL; -- never compressed: it costs more than the room
ALTER TABLE guichet.trace SET (toast_tuple_target = 8160); -- a row stays whole: one insert, not three
COMMENT ON COLUMN guichet.trace.behalf IS 'Whose place the account took: the patient, under a mandate.';
COMMENT ON COLUMN guichet.trace.purpose IS 'What the grant is for.';
COMMENT ON COLUMN guichet.trace.before IS 'SHA-256 of what a change replaced (TR1.f).';
COMMENT ON COLUMN guichet.trace.after IS 'SHA-256 of what a change put in its place.';
COMMENT ON COLUMN guichet.trace.process IS 'Which process of Guichet asked, as it says itself.';
COMMENT ON COLUMN guichet.trace.context IS 'Where an entry came from, in its own bytes: they are proved by their hash in the other ones, and need not be shown with them.';
COMMENT ON COLUMN guichet.trace.bytes IS 'The entry as it is proved: what the log has the hash of (architecture 2.4).';

-- What was left before today: the form that written() gives.
UPDATE guichet.trace SET context = convert_to(concat(
        E'guichet/trace-context/1\nsalt ', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), E'\n',
        'ip ' || abbrev(ip) || E'\n', 'peer ' || abbrev(peer) || E'\n', 'origin ' || abbrev(origin) || E'\n', 'login ' || login || E'\n',
        'session ' || session || E'\n', 'request ' || request || E'\n', 'xid ' || xid || E'\n'), 'UTF8');
UPDATE guichet.trace SET bytes = convert_to(concat(
        E'guichet/trace/1\nsalt ', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), E'\n',
        'id ' || id || E'\n', 'at ' || (extract(epoch FROM at) * 1000000)::bigint || E'\n',
        'type ' || type || E'\n', 'outcome ' || outcome || E'\n', 'reason ' || reason || E'\n',
        'account ' || account || E'\n', 'role ' || role || E'\n', 'provider ' || provider || E'\n',
        'patient ' || patient || E'\n', 'grant ' || grant_id || E'\n', 'ground ' || ground || E'\n',
        'kinds ' || nullif(array_to_string(kinds, ' ', '-'), '') || E'\n',
        'records ' || nullif(array_to_string(records, ' ', '-'), '') || E'\n',
        'versions ' || nullif(array_to_string(versions, ' ', '-'), '') || E'\n',
        'entries ' || nullif(array_to_string(entries, ' ', '-'), '') || E'\n',
        'context ' || encode(sha256(context), 'hex') || E'\n'), 'UTF8');
ALTER TABLE guichet.trace ALTER COLUMN context SET NOT NULL, ALTER COLUMN bytes SET NOT NULL;

-- The log. Places are dense and follow the ids: the ids that no entry has are
-- kept as gaps, from which either is found by the other.
CREATE TABLE guichet.log_state (
    size       bigint NOT NULL,
    entry      bigint NOT NULL,
    checkpoint bytea  NOT NULL
);
INSERT INTO guichet.log_state VALUES (0, 0, '');
COMMENT ON TABLE guichet.log_state IS 'How far the log has come: one row, so that two sequencers cannot both go on from it. public';
COMMENT ON COLUMN guichet.log_state.entry IS 'The id of the last entry that has a place.';
COMMENT ON COLUMN guichet.log_state.checkpoint IS 'Size and root, signed.';

CREATE TABLE guichet.log_gap (
    first   bigint CONSTRAINT log_gap_pkey PRIMARY KEY,
    last    bigint NOT NULL,
    missing bigint NOT NULL,
    place   bigint NOT NULL
);
CREATE INDEX log_gap_place_idx ON guichet.log_gap (place);
COMMENT ON TABLE guichet.log_gap IS 'Ids that no entry has: what asked was rolled back (monitor, L3). public';
COMMENT ON COLUMN guichet.log_gap.missing IS 'How many such ids there are up to the end of this gap.';
COMMENT ON COLUMN guichet.log_gap.place IS 'The place of the entry after it.';

CREATE TABLE guichet.log_tile (
    level  smallint NOT NULL,
    number bigint   NOT NULL,
    hashes bytea    NOT NULL,
    CONSTRAINT log_tile_pkey PRIMARY KEY (level, number)
);
ALTER TABLE guichet.log_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE guichet.log_tile IS 'Hashes of the Merkle tree, 256 to a tile. They betray nothing: each entry has random bytes. public';

CREATE TABLE guichet.log_checkpoint (
    size       bigint      CONSTRAINT log_checkpoint_pkey PRIMARY KEY,
    at         timestamptz NOT NULL,
    checkpoint bytea       NOT NULL
);
CREATE INDEX log_checkpoint_at_idx ON guichet.log_checkpoint (at);
COMMENT ON TABLE guichet.log_checkpoint IS 'The first checkpoint of each minute: what came later must agree with it. public';

GRANT SELECT, UPDATE ON guichet.log_state TO guichet_monitor;
GRANT SELECT, INSERT ON guichet.log_gap, guichet.log_checkpoint TO guichet_monitor;
GRANT SELECT, INSERT, UPDATE ON guichet.log_tile TO guichet_monitor;
GRANT SELECT, USAGE ON SEQUENCE guichet.trace_id_seq TO guichet_monitor;

-- What was purged when its time to be kept was over (TR3.c). The hashes stay.
CREATE TABLE guichet.log_purge (
    entry  bigint NOT NULL,
    first  bigint NOT NULL,
    purged bytea  NOT NULL,
    CONSTRAINT log_purge_pkey PRIMARY KEY (entry, first)
);
CREATE INDEX log_purge_first_idx ON guichet.log_purge (first);
COMMENT ON TABLE guichet.log_purge IS 'Which places of a segment of 256 lost their content, by which entry. public';
COMMENT ON COLUMN guichet.log_purge.purged IS 'A bit for each place of the segment, the lowest first.';
GRANT SELECT, INSERT ON guichet.log_purge TO guichet_monitor;
GRANT DELETE ON guichet.trace TO guichet_monitor; -- used by purge_traces alone
