-- Who signs in, and by which session.
CREATE TABLE guichet.account (
    id      uuid        CONSTRAINT account_pkey PRIMARY KEY,
    role    text        NOT NULL,
    version integer     NOT NULL,
    sealed  bytea       NOT NULL,
    opened  timestamptz NOT NULL
);
COMMENT ON TABLE guichet.account IS 'A person or a system that Guichet knows. personal';
COMMENT ON COLUMN guichet.account.sealed IS 'The name, under the service keyset. sealed';

CREATE TABLE guichet.identity (
    subject bytea CONSTRAINT identity_pkey PRIMARY KEY,
    account uuid  NOT NULL CONSTRAINT identity_account_fkey REFERENCES guichet.account,
    issuer  text  NOT NULL,
    CONSTRAINT identity_account_issuer_key UNIQUE (account, issuer)
);
COMMENT ON TABLE guichet.identity IS 'A person at a provider: blind index of issuer and subject. pseudonym';

CREATE TABLE guichet.session (
    id       uuid        CONSTRAINT session_pkey PRIMARY KEY,
    token    bytea       NOT NULL CONSTRAINT session_token_key UNIQUE,
    account  uuid        NOT NULL CONSTRAINT session_account_fkey REFERENCES guichet.account,
    listener text        NOT NULL,
    opened   timestamptz NOT NULL,
    seen     timestamptz NOT NULL,
    idle     interval    NOT NULL,
    expires  timestamptz NOT NULL,
    entry    bigint      NOT NULL,
    previous bigint,
    sealed   bytea
);
CREATE INDEX session_account_idx ON guichet.session (account);
COMMENT ON TABLE guichet.session IS 'An opened session. The token is kept as its SHA-256 only (AA10). pseudonym';
COMMENT ON COLUMN guichet.session.previous IS 'The sign-in before this one (AA9).';
COMMENT ON COLUMN guichet.session.sealed IS 'What the web layer keeps, under the service keyset, bound to the token. sealed';

-- Ends are rows added, never rows locked: an open transaction cannot hold up a
-- sign-out (monitor, section 6).
CREATE TABLE guichet.session_end (
    session uuid        NOT NULL CONSTRAINT session_end_session_fkey REFERENCES guichet.session,
    at      timestamptz NOT NULL,
    reason  text        NOT NULL
);
CREATE INDEX session_end_session_idx ON guichet.session_end (session);
COMMENT ON TABLE guichet.session_end IS 'Why a session ended: its tombstone (AA8.d). public';

CREATE TABLE guichet.sign_in_attempt (
    state bytea       CONSTRAINT sign_in_attempt_pkey PRIMARY KEY,
    at    timestamptz NOT NULL
);
COMMENT ON TABLE guichet.sign_in_attempt IS 'Blind index of the state parameters already used: each serves once. pseudonym';

-- Whose record, and who may read it.
CREATE TABLE guichet.patient (
    id      uuid        CONSTRAINT patient_pkey PRIMARY KEY,
    version integer     NOT NULL,
    sealed  bytea       NOT NULL,
    keyset  bytea       NOT NULL,
    opened  timestamptz NOT NULL
);
COMMENT ON TABLE guichet.patient IS 'A person with a record. personal';
COMMENT ON COLUMN guichet.patient.sealed IS 'Traits and numbers, under the patient''s keyset. sealed';
COMMENT ON COLUMN guichet.patient.keyset IS 'The patient''s keyset, wrapped by the master key. key';

CREATE TABLE guichet.patient_index (
    field   text  NOT NULL,
    value   bytea NOT NULL,
    patient uuid  NOT NULL CONSTRAINT patient_index_patient_fkey REFERENCES guichet.patient,
    CONSTRAINT patient_index_pkey PRIMARY KEY (field, value, patient)
);
CREATE UNIQUE INDEX patient_index_identifier_key ON guichet.patient_index (value) WHERE field = 'identifier';
CREATE INDEX patient_index_patient_idx ON guichet.patient_index (patient);
COMMENT ON TABLE guichet.patient_index IS 'Blind indexes of what identifies a patient. pseudonym';

CREATE TABLE guichet.grants (
    id      uuid        CONSTRAINT grants_pkey PRIMARY KEY,
    account uuid        NOT NULL CONSTRAINT grants_account_fkey REFERENCES guichet.account,
    patient uuid        NOT NULL CONSTRAINT grants_patient_fkey REFERENCES guichet.patient,
    kind    text        NOT NULL,
    purpose text        NOT NULL,
    starts  timestamptz NOT NULL,
    ends    timestamptz,
    made_by uuid        NOT NULL,
    entry   bigint      NOT NULL
);
CREATE INDEX grants_account_idx ON guichet.grants (account, patient);
CREATE INDEX grants_patient_idx ON guichet.grants (patient);
COMMENT ON TABLE guichet.grants IS 'On what ground an account may read a record (architecture 2.2). personal';

CREATE TABLE guichet.grant_end (
    grant_id uuid        NOT NULL CONSTRAINT grant_end_grant_fkey REFERENCES guichet.grants,
    at       timestamptz NOT NULL,
    reason   text        NOT NULL
);
CREATE INDEX grant_end_grant_idx ON guichet.grant_end (grant_id);
COMMENT ON TABLE guichet.grant_end IS 'Why a grant ended. public';

-- The record itself. Every row is written once; what is current is what the
-- latest deposit entry of the report names.
CREATE TABLE guichet.report (
    id      uuid        NOT NULL,
    version integer     NOT NULL,
    patient uuid        NOT NULL CONSTRAINT report_patient_fkey REFERENCES guichet.patient,
    sealed  bytea       NOT NULL,
    at      timestamptz NOT NULL,
    CONSTRAINT report_pkey PRIMARY KEY (id, version)
);
CREATE INDEX report_patient_idx ON guichet.report (patient);
COMMENT ON TABLE guichet.report IS 'The head of a laboratory report, a row for each version. health';

CREATE TABLE guichet.report_order (
    value  bytea CONSTRAINT report_order_pkey PRIMARY KEY,
    report uuid  NOT NULL
);
COMMENT ON TABLE guichet.report_order IS 'Which report answers an order: blind index of patient, sender and order number. pseudonym';

CREATE TABLE guichet.panel (
    id       uuid    CONSTRAINT panel_pkey PRIMARY KEY,
    version  integer NOT NULL,
    report   uuid    NOT NULL,
    patient  uuid    NOT NULL,
    order_of bytea   NOT NULL,
    position integer NOT NULL,
    sealed   bytea   NOT NULL
);
CREATE INDEX panel_report_idx ON guichet.panel (report);
COMMENT ON TABLE guichet.panel IS 'What one order of a report asked for. health';
COMMENT ON COLUMN guichet.panel.order_of IS 'Blind index of the order, then of the panel under it; the same for its results and documents. pseudonym';

CREATE TABLE guichet.observation (
    id       uuid    CONSTRAINT observation_pkey PRIMARY KEY,
    version  integer NOT NULL,
    report   uuid    NOT NULL,
    patient  uuid    NOT NULL,
    order_of bytea   NOT NULL,
    position integer NOT NULL,
    code     bytea   NOT NULL,
    current  boolean NOT NULL,
    sealed   bytea   NOT NULL
);
CREATE INDEX observation_report_idx ON guichet.observation (report);
CREATE INDEX observation_code_idx ON guichet.observation (patient, code, id) WHERE current;
COMMENT ON TABLE guichet.observation IS 'One result. health';
COMMENT ON COLUMN guichet.observation.code IS 'Blind index of the analysis, keyed by patient. pseudonym';

CREATE TABLE guichet.document (
    id       uuid    CONSTRAINT document_pkey PRIMARY KEY,
    version  integer NOT NULL,
    report   uuid    NOT NULL,
    patient  uuid    NOT NULL,
    order_of bytea   NOT NULL,
    position integer NOT NULL,
    sealed   bytea   NOT NULL,
    content  bytea   NOT NULL
);
CREATE INDEX document_report_idx ON guichet.document (report);
COMMENT ON TABLE guichet.document IS 'A file of a report: title and kind in sealed, bytes in content. health';

-- What came in, as it came.
CREATE TABLE guichet.message (
    id      uuid        CONSTRAINT message_pkey PRIMARY KEY,
    version integer     NOT NULL,
    value   bytea       NOT NULL CONSTRAINT message_value_key UNIQUE,
    patient uuid        NOT NULL CONSTRAINT message_patient_fkey REFERENCES guichet.patient,
    sealed  bytea       NOT NULL,
    at      timestamptz NOT NULL
);
COMMENT ON TABLE guichet.message IS 'The original of a deposit. health';
COMMENT ON COLUMN guichet.message.value IS 'Blind index of sender, control ID and bytes: a resend is known by it. pseudonym';

CREATE TABLE guichet.quarantine (
    id      uuid        CONSTRAINT quarantine_pkey PRIMARY KEY,
    version integer     NOT NULL,
    value   bytea       NOT NULL CONSTRAINT quarantine_value_key UNIQUE,
    reason  text        NOT NULL,
    sealed  bytea       NOT NULL,
    at      timestamptz NOT NULL
);
COMMENT ON TABLE guichet.quarantine IS 'What was refused, under the service keyset, since it belongs to no patient. health';

-- Every act leaves an entry (TR1). No foreign key leads to or from it: an
-- error must not show a row (L1).
CREATE TABLE guichet.trace (
    id       bigint      GENERATED ALWAYS AS IDENTITY (CACHE 1) CONSTRAINT trace_pkey PRIMARY KEY,
    at       timestamptz NOT NULL,
    type     text        NOT NULL,
    outcome  text        NOT NULL,
    reason   text        NOT NULL,
    account  uuid,
    role     text,
    provider text,
    patient  uuid,
    grant_id uuid,
    ground   text,
    kinds    text[]      NOT NULL,
    records  uuid[]      NOT NULL,
    versions integer[]   NOT NULL,
    entries  bigint[]    NOT NULL,
    ip       inet,
    peer     inet,
    login    text        NOT NULL,
    session  uuid,
    request  uuid        NOT NULL,
    xid      xid8        NOT NULL
);
CREATE INDEX trace_patient_idx ON guichet.trace (patient, id);
CREATE INDEX trace_account_idx ON guichet.trace (account, id) WHERE type = 'sign-in';
CREATE INDEX trace_deposit_idx ON guichet.trace ((records[1]), id) WHERE type = 'report.deposit';
CREATE INDEX trace_deposit_patient_idx ON guichet.trace (patient, (records[1]), id) WHERE type = 'report.deposit';
COMMENT ON TABLE guichet.trace IS 'What happened (TR1, TR2). personal';
COMMENT ON COLUMN guichet.trace.ip IS 'The client''s address, as the listener claims it (TR2.d); peer is what the database saw.';
COMMENT ON COLUMN guichet.trace.kinds IS 'With records and versions, one element for each thing disclosed or changed.';
COMMENT ON COLUMN guichet.trace.entries IS 'Entries of this table that were disclosed.';
COMMENT ON COLUMN guichet.trace.xid IS 'The top-level transaction that left the entry.';

CREATE TYPE guichet.verdict AS (
    outcome  text,
    reason   text,
    session  uuid,
    account  uuid,
    role     text,
    patient  uuid,
    grant_id uuid,
    ground   text,
    seen     timestamptz
);
COMMENT ON TYPE guichet.verdict IS 'What decide says, and of whom.';

CREATE TYPE guichet.manifest AS (
    kinds    text[],
    records  uuid[],
    versions integer[]
);
COMMENT ON TYPE guichet.manifest IS 'Things named in an entry.';

-- The function owner may add, and read what it decides on. It may change
-- nothing but when a session was seen, what it keeps, and which results are
-- current; and nothing at all of traces (TR3.e).
GRANT USAGE ON SCHEMA guichet TO guichet_monitor, guichet_portal, guichet_intake, guichet_console, guichet_officer, guichet_sequencer;
GRANT USAGE ON TYPE guichet.verdict, guichet.manifest TO guichet_monitor;
GRANT SELECT, INSERT ON guichet.account, guichet.identity, guichet.session, guichet.session_end, guichet.sign_in_attempt,
    guichet.patient, guichet.patient_index, guichet.grants, guichet.grant_end, guichet.report, guichet.report_order, guichet.panel,
    guichet.observation, guichet.document, guichet.message, guichet.quarantine, guichet.trace TO guichet_monitor;
GRANT UPDATE (seen, sealed) ON guichet.session TO guichet_monitor;
GRANT UPDATE (current) ON guichet.observation TO guichet_monitor;

-- A record has one person to whom it is their own (G-2.1-1.a).
CREATE UNIQUE INDEX grants_self_key ON guichet.grants (patient) WHERE kind = 'self';
