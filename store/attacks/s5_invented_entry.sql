-- Entries that were guessed: what comes is what one's own sign-in and home
-- page have named, four rows, and nothing of anybody else.
-- expect: rows 4
SELECT guichet.flush();
SELECT 'rows ' || count(*) FROM generate_series(1, 200) n, guichet.receive(:token, n);
