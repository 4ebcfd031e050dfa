-- What is sealed does not compress: PostgreSQL need not try.
ALTER TABLE guichet.document ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE guichet.message ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE guichet.quarantine ALTER COLUMN sealed SET STORAGE EXTERNAL;
