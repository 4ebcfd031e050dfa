-- A function under the signature it had before a migration, which anybody was
-- allowed to call and which hands over everything (B4).
-- given: a migration over an earlier signature
-- expect 1 error: 42883
-- expect: over
SELECT 'left ' || count(*) FROM guichet.ask_report(:token);
\echo over
