-- The clock of the decisions is not now(), which an open transaction stops (W1).
-- expect: the clock moves true
\! $SUPERUSER BEGIN -c "SELECT 'the clock moves ' || (guichet.clock() > now())"
