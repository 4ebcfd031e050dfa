-- Lines of an access log that the person whose record it is says are not right.
CREATE TABLE guichet.access_report (
    reported bigint      NOT NULL,
    account  uuid        NOT NULL,
    at       timestamptz NOT NULL,
    entry    bigint      NOT NULL,
    CONSTRAINT access_report_pkey PRIMARY KEY (reported, account)
);
COMMENT ON TABLE guichet.access_report IS 'Which account reported which entry, and under which. pseudonym';
GRANT SELECT, INSERT ON guichet.access_report TO guichet_monitor;
