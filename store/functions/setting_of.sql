-- setting_of returns what the hospital chose, or the default. The list is
-- closed: an unknown name is an error of ours.
CREATE FUNCTION guichet.setting_of(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    chosen text;
BEGIN
    SELECT s.value INTO chosen FROM guichet.setting s WHERE s.name = wanted ORDER BY s.entry DESC LIMIT 1;
    IF chosen IS NOT NULL THEN
        RETURN chosen;
    END IF;
    RETURN CASE wanted
        WHEN 'session.idle' THEN '15 minutes'       -- DT9.b
        WHEN 'session.lifetime' THEN '8 hours'      -- AA13.a
        WHEN 'session.mode' THEN 'replace'          -- AA8.b: replace or refuse
        WHEN 'session.presence' THEN '2 minutes'    -- AA8.c: without a sign of the browser, in mode refuse
        WHEN 'delay.cap' THEN '1 hour'              -- AA7.d
        WHEN 'delay.forget' THEN '24 hours'         -- AA7.d
        WHEN 'delay.identity' THEN 'off'            -- AA7.c: on or off
        WHEN 'delay.shared' THEN ''                 -- AA7: networks that many people share, as CIDR, by commas
        WHEN 'alert.address' THEN '10'              -- AA7.f: failed sign-ins in a row, of one address
        WHEN 'alert.identity' THEN '5'              -- AA7.f: of one account, within alert.window
        WHEN 'alert.overall' THEN '100'             -- AA7.f: of all, within alert.window
        WHEN 'alert.gaps' THEN '50'                 -- ids without an entry, within alert.window
        WHEN 'alert.refused' THEN '20'              -- refused reads in a row, of one account or session
        WHEN 'alert.patients' THEN '50'             -- whose records one professional reads, within the next
        WHEN 'alert.patients.window' THEN '1 hour'
        WHEN 'alert.hours' THEN 'off'               -- at which no professional is expected to read: 22-6, of Paris
        WHEN 'alert.window' THEN '15 minutes'
        WHEN 'account.unused.patient' THEN '0'      -- GA4.c, GA4.f: an interval, or 0: never
        WHEN 'account.unused.professional' THEN '0'
        WHEN 'account.review.patient' THEN '365 days' -- GA4.e, GA4.f: from one review to the next
        WHEN 'account.review.professional' THEN '365 days'
        WHEN 'account.review.grace' THEN '30 days'  -- GA4.e: from when it is due to suspension, where that is chosen
        WHEN 'account.review.overdue' THEN 'alert'  -- GA4.e: alert or suspend
        WHEN 'trace.keep.record' THEN '7305 days'   -- TR3.c: as long as the record that an entry speaks of
        WHEN 'trace.keep.security' THEN '365 days'
        WHEN 'trace.keep.service' THEN '365 days'
    END;
END $$;
