-- A session serves the listener that opened it only (W8).
-- expect: rows 0
-- expect: state 0
SELECT guichet.ask_report(:feed_token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT 'rows ' || count(*) FROM guichet.receive(:feed_token, :entry);
SELECT 'state ' || count(*) FROM guichet.load_session(:feed_token, '{192.0.2.1}', gen_random_uuid(), true);
