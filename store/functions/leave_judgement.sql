-- leave_judgement leaves the entry of a judgement, and notes that its session
-- was used.
CREATE FUNCTION guichet.leave_judgement(j guichet.judgement, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF (j.verdict).outcome <> 'refused' OR (j.verdict).grant_id IS NOT NULL THEN
        PERFORM guichet.touch((j.verdict).session, (j.verdict).seen);
    END IF;
    RETURN guichet.leave_trace(j.event, j.verdict, j.named, j.entries, NULL, ip, request);
END $$;
