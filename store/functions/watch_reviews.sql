-- watch_reviews rings once a day while an account waits for its review (GA4.e).
CREATE FUNCTION guichet.watch_reviews() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    oldest uuid;
BEGIN
    PERFORM guichet.check_settings();
    IF EXISTS (SELECT FROM guichet.alert a WHERE a.kind = 'review-due' AND a.at > guichet.clock() - interval '1 day') THEN
        RETURN;
    END IF;
    SELECT u INTO oldest FROM guichet.unreviewed(1) u;
    IF oldest IS NOT NULL THEN
        PERFORM guichet.raise_alert('review-due', sha256('review-due'), (SELECT max(t.id) FROM guichet.trace t WHERE t.account = oldest));
    END IF;
END $$;
