-- Who a person is, how they came to a record, and whether their account is open.

-- What a provider says of a person is kept in versions: guichet.account holds
-- the first, this table the others. What was handed over under one stays.
CREATE TABLE guichet.account_version (
    account uuid        NOT NULL CONSTRAINT account_version_account_fkey REFERENCES guichet.account,
    version integer     NOT NULL,
    sealed  bytea       NOT NULL,
    at      timestamptz NOT NULL,
    entry   bigint      NOT NULL,
    CONSTRAINT account_version_pkey PRIMARY KEY (account, version)
);
COMMENT ON TABLE guichet.account_version IS 'Name and traits of an account, from the second version on. personal';
COMMENT ON COLUMN guichet.account_version.sealed IS 'Under the service keyset. sealed';

-- The latest row of a person says with which strict traits they are let in: a
-- change of one is no silent one (identity, 1.8).
CREATE TABLE guichet.identity_traits (
    subject bytea       NOT NULL CONSTRAINT identity_traits_subject_fkey REFERENCES guichet.identity,
    value   bytea       NOT NULL,
    at      timestamptz NOT NULL,
    entry   bigint      NOT NULL,
    CONSTRAINT identity_traits_pkey PRIMARY KEY (subject, entry)
);
COMMENT ON TABLE guichet.identity_traits IS 'Blind index of the strict traits under which a person was let in. pseudonym';

-- The latest row of an account counts; without one it is active (GA4.a).
CREATE TABLE guichet.account_state (
    account uuid        NOT NULL CONSTRAINT account_state_account_fkey REFERENCES guichet.account,
    state   text        NOT NULL,
    reason  text        NOT NULL,
    at      timestamptz NOT NULL,
    entry   bigint      NOT NULL,
    CONSTRAINT account_state_pkey PRIMARY KEY (account, entry)
);
COMMENT ON TABLE guichet.account_state IS 'Active, suspended, blocked or closed, and why (GA4). public';

-- A code leads one person to one record, once (AA6.a).
CREATE TABLE guichet.activation_code (
    id      uuid        CONSTRAINT activation_code_pkey PRIMARY KEY,
    hash    bytea       NOT NULL CONSTRAINT activation_code_hash_key UNIQUE,
    patient uuid        NOT NULL CONSTRAINT activation_code_patient_fkey REFERENCES guichet.patient,
    agrees  bytea       NOT NULL,
    at      timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    entry   bigint      NOT NULL
);
CREATE INDEX activation_code_patient_idx ON guichet.activation_code (patient);
COMMENT ON TABLE guichet.activation_code IS 'A code that the hospital handed out, as its SHA-256 only. pseudonym';
COMMENT ON COLUMN guichet.activation_code.agrees IS 'Blind index of the code, birth date and sex: whoever brings it must have them. pseudonym';

CREATE TABLE guichet.activation_code_end (
    code   uuid        NOT NULL CONSTRAINT activation_code_end_code_fkey REFERENCES guichet.activation_code,
    at     timestamptz NOT NULL,
    reason text        NOT NULL,
    entry  bigint      NOT NULL
);
CREATE INDEX activation_code_end_code_idx ON guichet.activation_code_end (code);
COMMENT ON TABLE guichet.activation_code_end IS 'Why a code serves no more: used, revoked or replaced. public';

-- A person who led to no record, or to more than one, waits for an operator.
CREATE TABLE guichet.waiting_identity (
    id        uuid        CONSTRAINT waiting_identity_pkey PRIMARY KEY,
    reference text        NOT NULL,
    subject   bytea       NOT NULL,
    traits    bytea       NOT NULL,
    reason    text        NOT NULL,
    sealed    bytea       NOT NULL,
    at        timestamptz NOT NULL,
    expires   timestamptz NOT NULL,
    entry     bigint      NOT NULL
);
CREATE INDEX waiting_identity_subject_idx ON guichet.waiting_identity (subject, traits);
CREATE INDEX waiting_identity_expires_idx ON guichet.waiting_identity (expires);
COMMENT ON TABLE guichet.waiting_identity IS 'A person whom a provider has identified and who is linked to no record. personal';
COMMENT ON COLUMN guichet.waiting_identity.reference IS 'What the person was told to say to the hospital.';
COMMENT ON COLUMN guichet.waiting_identity.sealed IS 'The traits, under the service keyset. sealed';

-- The latest decision counts: link, refuse, or used once a link was made.
CREATE TABLE guichet.identity_decision (
    waiting  uuid        NOT NULL CONSTRAINT identity_decision_waiting_fkey REFERENCES guichet.waiting_identity,
    decision text        NOT NULL,
    patient  uuid,
    evidence text,
    replaces boolean     NOT NULL,
    at       timestamptz NOT NULL,
    entry    bigint      NOT NULL,
    CONSTRAINT identity_decision_pkey PRIMARY KEY (waiting, entry)
);
COMMENT ON TABLE guichet.identity_decision IS 'What an operator decided of a waiting person, and on what evidence. personal';

CREATE TYPE guichet.recognition AS (
    verdict  guichet.verdict,
    evidence text,
    code     uuid,
    waiting  uuid,
    replaces boolean,
    changed  boolean
);
COMMENT ON TYPE guichet.recognition IS 'Who somebody is found to be, and how: what signing in is to change.';

-- A record is one person's own at a time; once that has ended, with the next
-- turn it may be another account's, of the same person under a new subject.
ALTER TABLE guichet.grants ADD COLUMN turn integer NOT NULL DEFAULT 1;
ALTER TABLE guichet.grants ADD COLUMN evidence text NOT NULL DEFAULT 'traits';
COMMENT ON COLUMN guichet.grants.turn IS 'Of a record''s own grants, which.';
COMMENT ON COLUMN guichet.grants.evidence IS 'By what the account was linked: traits, code, or what an operator saw.';
DROP INDEX guichet.grants_self_key;
CREATE UNIQUE INDEX grants_self_key ON guichet.grants (patient, turn) WHERE kind = 'self';

GRANT USAGE ON TYPE guichet.recognition TO guichet_monitor;
GRANT SELECT, INSERT ON guichet.account_version, guichet.identity_traits, guichet.account_state, guichet.activation_code,
    guichet.activation_code_end, guichet.waiting_identity, guichet.identity_decision TO guichet_monitor;
GRANT DELETE ON guichet.waiting_identity, guichet.identity_decision TO guichet_monitor; -- when they have expired
