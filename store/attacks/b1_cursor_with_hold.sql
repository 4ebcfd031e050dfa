-- A cursor that outlives the asking transaction (section 5).
-- expect: held 0
BEGIN;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
DECLARE held CURSOR WITH HOLD FOR SELECT count(*) AS n FROM guichet.receive(:token, :entry);
COMMIT;
FETCH ALL FROM held \gset
SELECT 'held ' || :n;
