-- Several asks in one call: each entry serves the session it was asked in, and
-- an element that is not whole is no entry and spoils nothing (section 5, 6).
-- expect 2 errors: 22023|0A000
-- expect: own 8
-- expect: own by another 0
-- expect: another's 0
-- expect: not whole 0 0 0
SELECT guichet.ask_many(ARRAY['report', 'report', 'report', 'report', 'deposit', 'report'], ARRAY[:token, :other_token, :token, '\x00'::bytea, :token, NULL], array_fill('192.0.2.1'::inet, ARRAY[6]), array_fill('192.0.2.2'::inet, ARRAY[6]),
                        array_fill(gen_random_uuid(), ARRAY[6]), array_fill(:own, ARRAY[6]), array_fill(0::bigint, ARRAY[6]), array_fill(''::bytea, ARRAY[6])) AS entries \gset
SELECT guichet.flush();
SELECT 'own ' || count(*) FROM guichet.receive(:token, (:'entries'::bigint[])[1]);
SELECT 'own by another ' || count(*) FROM guichet.receive(:other_token, (:'entries'::bigint[])[1]);
SELECT 'another''s ' || count(*) FROM guichet.receive(:other_token, (:'entries'::bigint[])[2]);
SELECT 'not whole ' || array_to_string((:'entries'::bigint[])[4:6], ' ');
SELECT guichet.ask_many(array_fill('report'::text, ARRAY[101]), array_fill(:token, ARRAY[101]), array_fill('192.0.2.1'::inet, ARRAY[101]), array_fill('192.0.2.2'::inet, ARRAY[101]),
                        array_fill(gen_random_uuid(), ARRAY[101]), array_fill(:own, ARRAY[101]), array_fill(0::bigint, ARRAY[101]), array_fill(''::bytea, ARRAY[101]));
SELECT guichet.ask_many(ARRAY['report'], NULL, NULL, NULL, NULL, NULL, NULL, NULL);
