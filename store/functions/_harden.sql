-- Run after the functions have been made: every function in the schema gets
-- the clauses of monitor.md section 8, so that none can be written without.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER VOLATILE PARALLEL UNSAFE', f); -- W4
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', f); -- B2
        EXECUTE format('ALTER FUNCTION %s SET client_min_messages = warning', f); -- L2
        EXECUTE format('ALTER FUNCTION %s SET debug_print_parse = off', f);
        EXECUTE format('ALTER FUNCTION %s SET debug_print_rewritten = off', f);
        EXECUTE format('ALTER FUNCTION %s SET debug_print_plan = off', f);
        EXECUTE format('ALTER FUNCTION %s SET TimeZone = ''UTC''', f); -- W11
        EXECUTE format('ALTER FUNCTION %s SET DateStyle = ''ISO, YMD''', f);
        EXECUTE format('ALTER FUNCTION %s SET transform_null_equals = off', f);
        EXECUTE format('ALTER FUNCTION %s SET gin_fuzzy_search_limit = 0', f); -- W10
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f); -- B3
    END LOOP;
END $$;
