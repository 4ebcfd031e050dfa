-- ask_reviews asks for the accounts whose review is due, at most 200 (GA4.e).
CREATE FUNCTION guichet.ask_reviews(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    due uuid[];
BEGIN
    PERFORM guichet.guard(token, ip, request);
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        v.reason := 'review';
        due := ARRAY(SELECT guichet.unreviewed(200));
        m := guichet.person(v);
        m := ROW(m.kinds || array_fill('account-head'::text, ARRAY[cardinality(due)]), m.records || due, m.versions || array_fill(1, ARRAY[cardinality(due)]));
    END IF;
    RETURN guichet.leave_trace('account.list', v, m, '{}', NULL, ip, request);
END $$;
