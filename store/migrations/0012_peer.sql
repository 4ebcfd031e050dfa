-- An entry tells the client's address and, behind a proxy, who the listener's
-- peer was (TR2.d). What the database itself saw has a column of its own.
ALTER TABLE guichet.trace RENAME COLUMN peer TO origin;
ALTER TABLE guichet.trace ADD COLUMN peer inet;
COMMENT ON COLUMN guichet.trace.ip IS 'The client''s address, as the listener claims it (TR2.d).';
COMMENT ON COLUMN guichet.trace.peer IS 'Who was at the other end of the listener''s connection, where that was not the client: a proxy.';
COMMENT ON COLUMN guichet.trace.origin IS 'The listener''s own address, as the database saw it; NULL on a Unix socket.';
