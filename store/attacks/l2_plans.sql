-- Plans printed with their constants (L2): those of these statements, twice
-- each, and none of what the functions run.
-- expect 12 notices: LOG
-- expect: t
-- expect: over
SET client_min_messages = log;
SET debug_print_parse = on;
SET debug_print_rewritten = on;
SET debug_print_plan = on;
SET plan_cache_mode = force_custom_plan;
BEGIN;
SELECT length(guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :other)::text) > 0;
ROLLBACK;
\echo over
