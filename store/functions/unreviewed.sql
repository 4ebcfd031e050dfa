-- unreviewed returns open accounts that nobody has reviewed for longer than the
-- hospital allows their population, the oldest first (GA4.e, GA4.f).
CREATE FUNCTION guichet.unreviewed(most integer) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
    patients timestamptz := guichet.clock() - guichet.setting_of('account.review.patient')::interval;
    professionals timestamptz := guichet.clock() - guichet.setting_of('account.review.professional')::interval;
BEGIN
    RETURN QUERY
    SELECT a.id FROM guichet.account a
     WHERE a.opened < greatest(patients, professionals)
       AND a.role IN ('patient', 'physician', 'nurse', 'professional')
       AND guichet.reviewed_at(a.id) < CASE a.role WHEN 'patient' THEN patients ELSE professionals END
       AND coalesce((SELECT c.state FROM guichet.account_state c WHERE c.account = a.id ORDER BY c.entry DESC LIMIT 1), 'active') = 'active'
     ORDER BY guichet.reviewed_at(a.id), a.id
     LIMIT most;
END $$;
