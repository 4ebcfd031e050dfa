-- A patient's access log is counted and filtered in the index alone: the same
-- index, with what the filters look at.
CREATE INDEX trace_access_idx ON guichet.trace (patient, id) INCLUDE (type, account, at, role);
DROP INDEX guichet.trace_patient_idx;
ALTER INDEX guichet.trace_access_idx RENAME TO trace_patient_idx;
