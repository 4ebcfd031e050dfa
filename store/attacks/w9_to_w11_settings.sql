-- Settings that a caller may change change nothing (W9, W10, W11).
-- expect: rows 8
-- expect: refused 0
SET TimeZone = 'Pacific/Kiritimati';
SET DateStyle = 'SQL, DMY';
SET transform_null_equals = on;
SET gin_fuzzy_search_limit = 1;
SET plpgsql.check_asserts = off;
SET plan_cache_mode = force_generic_plan;
SET enable_indexscan = off;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT guichet.flush();
SELECT 'rows ' || count(*) FROM guichet.receive(:token, :entry);
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :other) AS entry \gset
SELECT guichet.flush();
SELECT 'refused ' || count(*) FROM guichet.receive(:token, :entry);
