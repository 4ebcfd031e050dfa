-- leaves_between returns the hashes of the entries whose ids lie between two, as
-- leaves of the Merkle tree (RFC 6962: a zero byte, then the entry), one after the
-- other; their first and last id; the gaps between these; the time, and when the
-- oldest was left. Hashes say nothing of anybody. The caller has heard from
-- log_horizon that no more will come among them.
--
-- An entry whose bytes do not say what its columns say was altered since: none
-- of them gets a place.
CREATE FUNCTION guichet.leaves_between(lowest bigint, highest bigint)
RETURNS TABLE (leaves bytea, first bigint, last bigint, gap_first bigint[], gap_last bigint[], at timestamptz, oldest timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    altered bigint;
BEGIN
    PERFORM guichet.check_settings();
    IF num_nulls(lowest, highest) > 0 OR highest > lowest + 65536 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    -- What is_written says, without its call: written has the hash of where the entry
    -- came from, by its columns, in the last line. The rows come sorted, and are taken in as they come: sorting them for each
    -- aggregate would cost more than hashing them.
    SELECT string_agg(f.leaf, ''::bytea), min(f.id), max(f.id), min(f.id) FILTER (WHERE NOT f.intact),
           coalesce(array_agg(f.before + 1) FILTER (WHERE f.id > f.before + 1), '{}'), coalesce(array_agg(f.id - 1) FILTER (WHERE f.id > f.before + 1), '{}'), min(f.at)
      INTO leaves, first, last, altered, gap_first, gap_last, oldest
      FROM (SELECT t.id, t.at, sha256('\x00'::bytea || t.bytes) AS leaf, (guichet.written(t, t.id)).bytes = t.bytes AND encode(sha256(t.context), 'hex') = encode(substr(t.bytes, octet_length(t.bytes) - 64, 64), 'escape') AS intact, lag(t.id, 1, t.id - 1) OVER (ORDER BY t.id) AS before
              FROM guichet.trace t
             WHERE t.id BETWEEN lowest AND highest
             ORDER BY t.id) f;
    IF altered IS NOT NULL THEN
        RAISE 'an entry was altered before it had its place' USING ERRCODE = 'GU003';
    END IF;
    IF last IS NOT NULL THEN
        at := guichet.clock();
        RETURN NEXT;
    END IF;
END $$;
