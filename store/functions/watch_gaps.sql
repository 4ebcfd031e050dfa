-- watch_gaps tells somebody when many ids have no entry: whoever asks and takes
-- the entry back learns that something exists, never what (monitor, L3). A gap
-- is as old as the entry after it. A crash of the server leaves one of 32 ids
-- beside those of what it cut short; an ask that fails, one of its own.
CREATE FUNCTION guichet.watch_gaps() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := guichet.clock() - guichet.setting_of('alert.window')::interval;
    enough integer := guichet.setting_of('alert.gaps')::integer;
    missing bigint;
    latest bigint;
BEGIN
    SELECT sum(g.last - g.first + 1), max(g.last) + 1 INTO missing, latest
      FROM (SELECT x.first, x.last FROM guichet.log_gap x ORDER BY x.first DESC LIMIT enough + 1) g
      JOIN guichet.trace t ON t.id = g.last + 1
     WHERE t.at > since;
    IF missing > enough THEN
        PERFORM guichet.raise_alert('trace-gaps', sha256('trace-gaps'), latest);
    END IF;
END $$;
