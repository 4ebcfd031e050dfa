-- session_limits returns the limits in force, in seconds, for pages that tell
-- them to anyone.
CREATE FUNCTION guichet.session_limits() RETURNS TABLE (idle integer, lifetime integer) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT extract(epoch FROM l.idle)::integer, extract(epoch FROM l.lifetime)::integer FROM guichet.session_limit l;
END $$;
