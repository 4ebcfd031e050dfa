-- entry_at returns the id of the entry at a place of the log.
CREATE FUNCTION guichet.entry_at(place bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN place + 1 + coalesce((SELECT g.missing FROM guichet.log_gap g WHERE g.place <= entry_at.place ORDER BY g.place DESC LIMIT 1), 0);
END $$;
