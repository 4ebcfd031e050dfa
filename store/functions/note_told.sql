-- note_told notes that the receiver of a channel has an alert.
CREATE FUNCTION guichet.note_told(channel text, alert bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.check_settings();
    UPDATE guichet.alert_taken k SET told = guichet.clock() WHERE k.alert = note_told.alert AND k.login = session_user AND k.channel = note_told.channel AND k.told IS NULL;
END $$;
