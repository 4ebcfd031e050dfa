-- What an ask says before its entry is left.
CREATE TYPE guichet.judgement AS (
    event   text,
    verdict guichet.verdict,
    named   guichet.manifest,
    entries bigint[]
);
COMMENT ON TYPE guichet.judgement IS 'An entry to be left: of what kind, what was decided, what it names.';
GRANT USAGE ON TYPE guichet.judgement TO guichet_monitor;
