-- What a sign-in rests on: the provider's signed ID token, which another role
-- than the portal's checks (monitor, W7).
CREATE TABLE guichet.evidence (
    id       uuid        CONSTRAINT evidence_pkey PRIMARY KEY,
    version  integer     NOT NULL,
    entry    bigint      NOT NULL,
    session  uuid        NOT NULL,
    account  uuid        NOT NULL,
    provider text        NOT NULL,
    witness  bytea       NOT NULL,
    nonce    bytea       NOT NULL CONSTRAINT evidence_nonce_key UNIQUE,
    sealed   bytea       NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX evidence_witness_idx ON guichet.evidence (witness);
CREATE INDEX evidence_account_idx ON guichet.evidence (account);
COMMENT ON TABLE guichet.evidence IS 'The ID token of a sign-in. personal';
COMMENT ON COLUMN guichet.evidence.witness IS 'Blind index of the token''s issuer and subject. pseudonym';
COMMENT ON COLUMN guichet.evidence.nonce IS 'Blind index of the token''s nonce: no token serves twice. pseudonym';
COMMENT ON COLUMN guichet.evidence.sealed IS 'The token, under the service keyset. sealed';

CREATE TABLE guichet.evidence_check (
    evidence uuid        CONSTRAINT evidence_check_pkey PRIMARY KEY CONSTRAINT evidence_check_evidence_fkey REFERENCES guichet.evidence,
    at       timestamptz NOT NULL,
    proven   boolean     NOT NULL,
    entry    bigint      NOT NULL
);
COMMENT ON TABLE guichet.evidence_check IS 'Evidence that was checked. public';

CREATE INDEX evidence_at_idx ON guichet.evidence (at);

GRANT SELECT, INSERT ON guichet.evidence, guichet.evidence_check TO guichet_monitor;
