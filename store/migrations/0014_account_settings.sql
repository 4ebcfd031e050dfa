-- How long an account may go unused is chosen for each population (GA4.f).
INSERT INTO guichet.setting (name, value, at, entry)
SELECT new, s.value, s.at, s.entry FROM guichet.setting s, unnest(ARRAY['account.unused.patient', 'account.unused.professional']) AS new WHERE s.name = 'account.unused';
