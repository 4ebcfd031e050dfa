-- The entry of a list does not hand over what is in the reports (W6).
-- expect: kinds account,patient,report
-- expect: bodies 0
SELECT guichet.ask_reports(:token, '{192.0.2.1}', gen_random_uuid()) AS entry \gset
SELECT guichet.flush();
SELECT 'kinds ' || string_agg(DISTINCT kind, ',' ORDER BY kind) FROM guichet.receive(:token, :entry);
SELECT 'bodies ' || count(*) FROM guichet.receive(:token, :entry) WHERE kind IN ('panel', 'observation', 'document', 'content');
