-- How long an address waits after failed sign-ins, and where the account is
-- named, the account (AA7).

CREATE TABLE guichet.delay (
    id       uuid        CONSTRAINT delay_pkey PRIMARY KEY,
    network  cidr        CONSTRAINT delay_network_key UNIQUE,
    account  uuid        CONSTRAINT delay_account_key UNIQUE,
    failures integer     NOT NULL,
    failed   timestamptz NOT NULL,
    until    timestamptz NOT NULL,
    ended    boolean     NOT NULL,
    told     timestamptz,
    CONSTRAINT delay_about_check CHECK (num_nonnulls(network, account) = 1)
);
CREATE INDEX delay_until_idx ON guichet.delay (until) WHERE NOT ended;
CREATE INDEX delay_failed_idx ON guichet.delay (failed);
COMMENT ON TABLE guichet.delay IS 'How many sign-ins in a row failed from an address or for an account, and until when the next waits (AA7). personal';
COMMENT ON COLUMN guichet.delay.network IS 'An IPv4 address, or the /64 of an IPv6 address. personal';
COMMENT ON COLUMN guichet.delay.account IS 'Whose sign-in failed, where that is delayed too (AA7.c). pseudonym';
COMMENT ON COLUMN guichet.delay.failed IS 'When the last one failed.';
COMMENT ON COLUMN guichet.delay.ended IS 'No delay is running, or its end has been traced.';
COMMENT ON COLUMN guichet.delay.told IS 'When a try before its time was last traced.';

-- A try has its place from the provider's answer until its entry, so that many
-- at once do not all pass before the first failure counts.
CREATE TABLE guichet.sign_in_try (
    id      bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT sign_in_try_pkey PRIMARY KEY,
    network cidr        NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX sign_in_try_network_idx ON guichet.sign_in_try (network, at);
CREATE INDEX sign_in_try_at_idx ON guichet.sign_in_try (at);
COMMENT ON TABLE guichet.sign_in_try IS 'A sign-in whose answer is being evaluated: a minute at most. personal';

CREATE TYPE guichet.delay_rule AS (
    free   integer,  -- failures that cost nothing
    cap    interval, -- the longest delay after one failure
    forget interval, -- without failure, after which the next is the first again
    places integer,  -- tries at once
    adds   boolean   -- the delays of failures at once are served one after another
);
COMMENT ON TYPE guichet.delay_rule IS 'How long whoever fails waits.';

-- Refusals in a window of time are counted at each refusal (AA7.f).
CREATE INDEX trace_refused_idx ON guichet.trace (at) WHERE type = 'sign-in' AND outcome = 'refused';

-- Each role announces them all: whoever holds the password of one can neither
-- silence nor hold up the other.
CREATE TABLE guichet.alert_taken (
    alert bigint      NOT NULL,
    login text        NOT NULL,
    at    timestamptz NOT NULL,
    CONSTRAINT alert_taken_pkey PRIMARY KEY (alert, login)
);
COMMENT ON TABLE guichet.alert_taken IS 'Which alerts a role has announced. public';

GRANT SELECT, INSERT, UPDATE, DELETE ON guichet.delay TO guichet_monitor;
GRANT SELECT, INSERT, UPDATE, DELETE ON guichet.sign_in_try TO guichet_monitor; -- FOR UPDATE wants UPDATE
GRANT SELECT, INSERT ON guichet.alert_taken TO guichet_monitor;
GRANT USAGE ON TYPE guichet.delay_rule TO guichet_monitor;
