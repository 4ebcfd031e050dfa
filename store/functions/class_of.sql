-- class_of says how long an event is kept (TR3.c): as long as the record it speaks
-- of, as a matter of security, as one of service, or for good: what a report is
-- made of, what was purged, what was chosen.
CREATE FUNCTION guichet.class_of(type text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE
        WHEN type IN ('report.deposit', 'trace.purge', 'setting.change') THEN 'lasting'
        WHEN type IN ('service.start', 'service.stop', 'feed.open', 'feed.close', 'operator.open', 'operator.close', 'witness.open', 'witness.close', 'courier.open', 'courier.close', 'officer.open', 'officer.close') THEN 'service'
        WHEN type IN ('sign-in', 'sign-out', 'session.end', 'sign-in.check', 'evidence.read', 'page.refused', 'delay.start', 'delay.end', 'delay.refused', 'transaction.end', 'statement.strange',
                      'network.block', 'network.unblock', 'network.list') THEN 'security'
        ELSE 'record'
    END;
END $$;
