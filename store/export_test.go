package store

// Waiting returns how many questions wait for a call in flight to come back.
func (s *Store) Waiting() int {
	s.asks.mu.Lock()
	defer s.asks.mu.Unlock()
	return len(s.asks.queue)
}

// MaxFlights is how many calls of questions may be in flight.
const MaxFlights = maxFlights
