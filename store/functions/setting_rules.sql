-- setting_rules is the closed list of settings, and what each may be: a time
-- between two bounds or a word in its place, a count between two bounds, one of
-- some words, networks, or hours of the day (AA13.c).
CREATE FUNCTION guichet.setting_rules() RETURNS TABLE (name text, kind text, lowest text, highest text, words text[]) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY VALUES
        ('session.idle', 'time', '1 minute', '1 hour', NULL::text[]),
        ('session.lifetime', 'time', '5 minutes', '12 hours', NULL),
        ('session.mode', 'word', NULL::text, NULL::text, ARRAY['replace', 'refuse']),
        ('session.presence', 'time', '1 minute', '10 minutes', NULL),
        ('delay.cap', 'time', '2 seconds', '24 hours', NULL),
        ('delay.forget', 'time', '1 hour', '7 days', NULL),
        ('delay.identity', 'word', NULL::text, NULL::text, ARRAY['on', 'off']),
        ('delay.shared', 'networks', NULL, NULL, NULL),
        ('alert.address', 'count', '1', '1000', NULL),
        ('alert.identity', 'count', '1', '1000', NULL),
        ('alert.overall', 'count', '1', '100000', NULL),
        ('alert.gaps', 'count', '1', '10000', NULL),
        ('alert.refused', 'count', '3', '1000', NULL),
        ('alert.patients', 'count', '1', '10000', NULL),
        ('alert.patients.window', 'time', '1 minute', '1 day', NULL),
        ('alert.hours', 'hours', NULL, NULL, ARRAY['off']),
        ('alert.window', 'time', '1 minute', '1 day', NULL),
        ('account.unused.patient', 'time', '30 days', '1830 days', ARRAY['0']),
        ('account.unused.professional', 'time', '30 days', '1830 days', ARRAY['0']),
        ('account.review.patient', 'time', '30 days', '365 days', NULL),
        ('account.review.professional', 'time', '30 days', '365 days', NULL),
        ('account.review.grace', 'time', '1 day', '92 days', NULL),
        ('account.review.overdue', 'word', NULL, NULL, ARRAY['alert', 'suspend']),
        ('trace.keep.record', 'time', '183 days', '10958 days', NULL),
        ('trace.keep.security', 'time', '183 days', '1096 days', NULL),
        ('trace.keep.service', 'time', '183 days', '1096 days', NULL);
END $$;
