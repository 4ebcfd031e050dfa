-- Another patient's report, by every function that takes an identifier.
-- expect: report 0
-- expect: original 0
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :other) AS entry \gset
SELECT 'report ' || count(*) FROM guichet.receive(:token, :entry);
SELECT guichet.ask_original(:token, '{192.0.2.1}', gen_random_uuid(), :other) AS entry \gset
SELECT 'original ' || count(*) FROM guichet.receive(:token, :entry);
