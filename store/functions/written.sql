-- written returns an entry with the bytes that are proved, built from its
-- columns (architecture 2.4): a prefix that nothing else has, 32 random bytes
-- without which a kept hash could be guessed, then a line for each column that
-- has a value, in this order. package traces reads them. Where the entry has its
-- bytes already, it keeps its random bytes: what comes out is the same, or a
-- column was altered.
--
-- Where an entry came from is written apart, with random bytes of its own: the
-- patient who proves an access of somebody else need not show that one's address.
CREATE FUNCTION guichet.written(e guichet.trace, id bigint) RETURNS guichet.trace LANGUAGE plpgsql AS $$
DECLARE
    fresh text := CASE WHEN e.bytes IS NULL THEN replace(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), '-', '') END;
BEGIN
    e.id := written.id;
    e.context := convert_to(concat(
        E'guichet/trace-context/1\nsalt ', coalesce(substr(fresh, 1, 64), encode(substr(e.context, 30, 64), 'escape')), E'\n',
        'ip ' || abbrev(e.ip) || E'\n', 'peer ' || abbrev(e.peer) || E'\n', 'origin ' || abbrev(e.origin) || E'\n', 'login ' || e.login || E'\n',
        'session ' || e.session || E'\n', 'request ' || e.request || E'\n', 'process ' || e.process || E'\n', 'xid ' || e.xid || E'\n'), 'UTF8');
    e.bytes := convert_to(concat(
        E'guichet/trace/1\nsalt ', coalesce(substr(fresh, 65), encode(substr(e.bytes, 22, 64), 'escape')), E'\n',
        'id ' || e.id || E'\n', 'at ' || (extract(epoch FROM e.at) * 1000000)::bigint || E'\n',
        'type ' || e.type || E'\n', 'outcome ' || e.outcome || E'\n', 'reason ' || e.reason || E'\n',
        'account ' || e.account || E'\n', 'role ' || e.role || E'\n', 'provider ' || e.provider || E'\n', 'behalf ' || e.behalf || E'\n',
        'patient ' || e.patient || E'\n', 'grant ' || e.grant_id || E'\n', 'ground ' || e.ground || E'\n', 'purpose ' || e.purpose || E'\n',
        'kinds ' || nullif(array_to_string(e.kinds, ' ', '-'), '') || E'\n',
        'records ' || nullif(array_to_string(e.records, ' ', '-'), '') || E'\n',
        'versions ' || nullif(array_to_string(e.versions, ' ', '-'), '') || E'\n',
        'entries ' || nullif(array_to_string(e.entries, ' ', '-'), '') || E'\n',
        'before ' || encode(e.before, 'hex') || E'\n', 'after ' || encode(e.after, 'hex') || E'\n',
        'context ' || encode(sha256(e.context), 'hex') || E'\n'), 'UTF8');
    RETURN e;
END $$;
