-- ask_many asks for several people at once, in one transaction: each of its
-- elements leaves the entry that the function ask_ASKED would leave. A refusal
-- is an entry like another and touches no neighbour; an element that is not
-- whole gets 0, which is no entry. The entries are written last, one right
-- after the other, since whoever receives meanwhile waits until all that was
-- written is durable (await_durable).
CREATE FUNCTION guichet.ask_many(asked text[], tokens bytea[], ips inet[], peers inet[], requests uuid[], ids uuid[], numbers bigint[], codes bytea[])
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    judged guichet.judgement[] := '{}';
    entries bigint[] := '{}';
    j guichet.judgement;
BEGIN
    PERFORM guichet.check_settings();
    IF num_nulls(asked, tokens, ips, peers, requests, ids, numbers, codes) > 0 OR cardinality(asked) NOT BETWEEN 1 AND 100
       OR cardinality(tokens) <> cardinality(asked) OR cardinality(ips) <> cardinality(asked) OR cardinality(peers) <> cardinality(asked) OR cardinality(requests) <> cardinality(asked)
       OR cardinality(ids) <> cardinality(asked) OR cardinality(numbers) <> cardinality(asked) OR cardinality(codes) <> cardinality(asked) THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    FOR i IN 1 .. cardinality(asked) LOOP
        j := NULL;
        IF num_nulls(asked[i], tokens[i], ips[i], requests[i], ids[i], numbers[i], codes[i]) = 0 AND octet_length(tokens[i]) = 32 AND numbers[i] >= 0 THEN
            CASE asked[i]
                WHEN 'report' THEN j := guichet.judge_report(tokens[i], ids[i]);
                WHEN 'reports' THEN j := guichet.judge_reports(tokens[i]);
                WHEN 'home' THEN j := guichet.judge_home(tokens[i]);
                WHEN 'original' THEN j := guichet.judge_original(tokens[i], ids[i]);
                WHEN 'trend' THEN j := guichet.judge_trend(tokens[i], codes[i]);
                WHEN 'access_log' THEN j := guichet.judge_access_log(tokens[i], numbers[i], 50, false, '', NULL, false);
                WHEN 'proof' THEN j := guichet.judge_proof(tokens[i], numbers[i]);
                WHEN 'account' THEN j := guichet.judge_account(tokens[i]);
                ELSE NULL;
            END CASE;
        END IF;
        judged := judged || j;
    END LOOP;
    FOR i IN 1 .. cardinality(asked) LOOP
        j := judged[i];
        entries := entries || CASE WHEN j.event IS NULL THEN 0 ELSE guichet.leave_judgement(j, ARRAY[ips[i], peers[i]], requests[i]) END;
    END LOOP;
    RETURN entries;
END $$;
