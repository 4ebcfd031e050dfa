-- When a browser last said that it is there (AA8.c).
ALTER TABLE guichet.session ADD COLUMN present timestamptz;
COMMENT ON COLUMN guichet.session.present IS 'When the browser last said that it is there: never an action (AA8.c).';
GRANT UPDATE (present) ON guichet.session TO guichet_monitor;
