-- setting_rules is the closed list of settings, and what each may be: a time
-- between two bounds, one of some words, or networks (AA13.c).
CREATE FUNCTION guichet.setting_rules() RETURNS TABLE (name text, kind text, least_ interval, most interval, words text[]) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY VALUES
        ('session.idle', 'time', interval '1 minute', interval '1 hour', NULL::text[]),
        ('session.lifetime', 'time', interval '5 minutes', interval '12 hours', NULL),
        ('session.mode', 'word', NULL, NULL, ARRAY['replace', 'refuse']),
        ('session.presence', 'time', interval '1 minute', interval '10 minutes', NULL),
        ('delay.cap', 'time', interval '2 seconds', interval '24 hours', NULL),
        ('delay.forget', 'time', interval '1 hour', interval '7 days', NULL),
        ('delay.identity', 'word', NULL, NULL, ARRAY['on', 'off']),
        ('delay.shared', 'networks', NULL, NULL, NULL);
END $$;
