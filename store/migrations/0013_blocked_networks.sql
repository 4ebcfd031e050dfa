-- While an attack is being slowed down, an operator may refuse all sign-ins from
-- a network, until a time (AA7.g). The latest row of a network counts, so an
-- early end is a row too. Nobody may change what a row says but when it was told.
CREATE TABLE guichet.blocked_network (
    id      uuid        CONSTRAINT blocked_network_pkey PRIMARY KEY,
    network cidr        NOT NULL,
    until   timestamptz NOT NULL,
    at      timestamptz NOT NULL,
    entry   bigint      NOT NULL,
    told    timestamptz,
    CONSTRAINT blocked_network_latest_key UNIQUE (network, entry)
);
CREATE INDEX blocked_network_network_idx ON guichet.blocked_network USING gist (network inet_ops); -- every try looks for the networks that hold its address
COMMENT ON TABLE guichet.blocked_network IS 'From which networks nobody may sign in, until when, and under which entry (AA7.g). personal';
COMMENT ON COLUMN guichet.blocked_network.network IS 'An IPv4 address, the /64 of an IPv6 address, or wider. personal';
COMMENT ON COLUMN guichet.blocked_network.until IS 'That of an early end is its own time.';
COMMENT ON COLUMN guichet.blocked_network.told IS 'When a try from it was last traced.';

GRANT SELECT, INSERT ON guichet.blocked_network TO guichet_monitor;
GRANT UPDATE (told) ON guichet.blocked_network TO guichet_monitor;
