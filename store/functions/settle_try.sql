-- settle_try does what the end of a sign-in means for the next one. leave_trace
-- calls it for every entry of a sign-in, so that no refusal passes by it.
-- A success clears the account's failures, and never the address's: else who has
-- an account could try others' without end (AA7.d).
CREATE FUNCTION guichet.settle_try(entry bigint, v guichet.verdict, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n cidr := guichet.network_of(ip[1]);
    d guichet.delay;
BEGIN
    IF v.reason = 'embedded' THEN
        RETURN; -- nothing was begun
    END IF;
    PERFORM guichet.leave_place(n);
    IF v.outcome = 'granted' THEN
        DELETE FROM guichet.delay x WHERE x.id IN (SELECT y.id FROM guichet.delay y WHERE y.account = v.account FOR UPDATE SKIP LOCKED) RETURNING x.* INTO d;
        IF FOUND AND NOT d.ended THEN
            PERFORM guichet.leave_delay('delay.end', d, 'signed-in', ip, request);
        END IF;
        RETURN;
    END IF;
    IF NOT guichet.counts_as_failure(v.reason) THEN
        RETURN;
    END IF;
    IF guichet.count_failure(n, NULL, ip, request) >= guichet.setting_of('alert.address')::integer THEN
        PERFORM guichet.raise_alert('sign-in.address', sha256(convert_to(n::text, 'UTF8')), entry);
    END IF;
    IF v.account IS NOT NULL AND guichet.setting_of('delay.identity') = 'on' THEN
        PERFORM guichet.count_failure(NULL, v.account, ip, request);
    END IF;
    PERFORM guichet.watch_failures(entry, v.account);
END $$;
