-- Run after functions and grants have been made, so that none can be written
-- without the clauses of monitor.md section 8.
DO $$
DECLARE
    f regprocedure;
    setting text;
BEGIN
    FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER VOLATILE PARALLEL UNSAFE', f); -- W4
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', f); -- B2
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f); -- B3
    END LOOP;
    -- The settings of a call hold in what it calls: they stand on every
    -- function that somebody may call, and cost each of the others some
    -- microseconds for nothing.
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'guichet'::regnamespace
             AND EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner) LOOP
        FOREACH setting IN ARRAY ARRAY[
            'client_min_messages = warning', 'debug_print_parse = off', 'debug_print_rewritten = off', 'debug_print_plan = off', -- L2
            'TimeZone = ''UTC''', 'DateStyle = ''ISO, YMD''', 'transform_null_equals = off', -- W11
            'gin_fuzzy_search_limit = 0', -- W10
            'plan_cache_mode = force_generic_plan', 'jit = off' -- planned once a connection: by far the greater part of a read
        ] LOOP
            EXECUTE format('ALTER FUNCTION %s SET %s', f, setting);
        END LOOP;
    END LOOP;
END $$;
