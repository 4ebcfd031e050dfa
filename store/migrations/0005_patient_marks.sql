-- Of what says who a patient is there is one: a second birth place or INS would
-- let somebody else into the record.
CREATE UNIQUE INDEX patient_index_single_key ON guichet.patient_index (patient, field) WHERE field <> 'identifier';
