-- why_refused returns the reason of a refusal that the same request has just
-- left, a word of a closed list, so that the page can say what to do next. It
-- names nobody (L4).
CREATE FUNCTION guichet.why_refused(request uuid, wanted bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    IF num_nulls(request, wanted) > 0 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN (SELECT t.reason FROM guichet.trace t
             WHERE t.id = wanted AND t.request = why_refused.request AND t.outcome = 'refused' AND t.login = session_user
               AND t.at <= now_ AND t.at > now_ - interval '5 seconds');
END $$;
