-- leave_delay leaves the entry of a delay that begins or ends. Its version is the
-- number of failures, from which its length follows. Where nobody asks, the entry
-- bears the delayed address itself.
CREATE FUNCTION guichet.leave_delay(event text, d guichet.delay, reason text, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    address inet[] := coalesce(ip, ARRAY[coalesce(d.network, inet '::')]);
    m guichet.manifest := ROW(ARRAY['delay'], ARRAY[d.id], ARRAY[d.failures]);
BEGIN
    v.outcome := 'granted';
    v.reason := reason;
    v.account := d.account;
    IF event = 'delay.start' THEN
        PERFORM guichet.leave_trace('delay.start', v, m, '{}', NULL, address, request);
    ELSE
        PERFORM guichet.leave_trace('delay.end', v, m, '{}', NULL, address, request);
    END IF;
END $$;
