-- Tables of the attacker's own in front of the real ones (B2).
-- expect 5 errors: 42501
-- expect: rows 0
SET search_path = pg_temp, guichet, public;
CREATE TEMP TABLE trace (id bigint);
CREATE TABLE guichet.shadow (id bigint);
CREATE TABLE public.shadow (id bigint);
CREATE FUNCTION guichet.clock() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
CREATE SCHEMA mine;
SELECT 'rows ' || count(*) FROM guichet.receive(:token, 1000000);
