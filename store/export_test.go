package store

// Waiting returns how many questions wait for the call in flight to come back.
func (s *Store) Waiting() int {
	s.asks.mu.Lock()
	defer s.asks.mu.Unlock()
	return len(s.asks.queue)
}

// Condemned returns how many sessions the database has yet to be told to end.
func (s *Store) Condemned() int { return len(s.condemned.waiting()) }
