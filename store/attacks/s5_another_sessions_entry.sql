-- An entry serves the session that asked, no other, even of the same person.
-- expect: other session 0
-- expect: another device 0
-- expect: own session 8
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT guichet.flush();
SELECT 'other session ' || count(*) FROM guichet.receive(:other_token, :entry);
SELECT 'another device ' || count(*) FROM guichet.receive(:again_token, :entry);
SELECT 'own session ' || count(*) FROM guichet.receive(:token, :entry);
