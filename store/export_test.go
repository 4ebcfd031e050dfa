package store

// Waiting returns how many questions wait for the call in flight to come back.
func (s *Store) Waiting() int {
	s.asks.mu.Lock()
	defer s.asks.mu.Unlock()
	return len(s.asks.queue)
}
