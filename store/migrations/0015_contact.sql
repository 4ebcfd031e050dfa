-- How to reach the person whom a record is about, who may never have signed in
-- (GA5.b), and what finds whom an incident concerns.

-- Each row is what a message said; of a patient and a way the latest counts.
CREATE TABLE guichet.contact (
    id      uuid        CONSTRAINT contact_pkey PRIMARY KEY,
    patient uuid        NOT NULL CONSTRAINT contact_patient_fkey REFERENCES guichet.patient,
    way     text        NOT NULL,
    value   bytea       NOT NULL,
    sealed  bytea       NOT NULL,
    at      timestamptz NOT NULL,
    entry   bigint      NOT NULL
);
CREATE INDEX contact_patient_idx ON guichet.contact (patient, way, entry);
COMMENT ON TABLE guichet.contact IS 'How to reach a patient, to tell them of an incident. personal';
COMMENT ON COLUMN guichet.contact.way IS 'mail, phone or address.';
COMMENT ON COLUMN guichet.contact.value IS 'Blind index of patient, way and contact: what was said before is not kept twice. pseudonym';
COMMENT ON COLUMN guichet.contact.sealed IS 'Under the patient''s keyset. sealed';
GRANT SELECT, INSERT ON guichet.contact TO guichet_monitor;

-- Entries are added in the order of time: a summary of each range of pages
-- finds a window, and costs an entry next to nothing.
CREATE INDEX trace_at_idx ON guichet.trace USING brin (at);
