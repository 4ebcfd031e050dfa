-- What lay in quarantine and was taken in after all. Until version 1 of a row
-- of guichet.quarantine, sealed held the bytes of an HL7 v2 message alone; since
-- version 2 it holds who sent them and in what form as well.
CREATE TABLE guichet.quarantine_end (
    quarantine uuid        CONSTRAINT quarantine_end_pkey PRIMARY KEY,
    at         timestamptz NOT NULL,
    reason     text        NOT NULL
);
COMMENT ON TABLE guichet.quarantine_end IS 'Why a message left quarantine. public';
GRANT SELECT, INSERT ON guichet.quarantine_end TO guichet_monitor;
