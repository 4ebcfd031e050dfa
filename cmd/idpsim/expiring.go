package main

import (
	"crypto/rand"
	"sync"
	"time"
)

// expiring keeps values for a while under unguessable keys, and never more than
// its limit.
type expiring[V any] struct {
	life  time.Duration
	limit int
	now   func() time.Time

	mu      sync.Mutex // guards entries
	entries map[string]entry[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

func newExpiring[V any](life time.Duration, limit int, now func() time.Time) *expiring[V] {
	return &expiring[V]{life: life, limit: limit, now: now, entries: make(map[string]entry[V])}
}

// put returns the key of v, or false when there is no room.
func (e *expiring[V]) put(v V) (key string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	if len(e.entries) >= e.limit {
		for key, old := range e.entries {
			if now.After(old.until) {
				delete(e.entries, key)
			}
		}
	}
	if len(e.entries) >= e.limit {
		return "", false
	}
	key = rand.Text()
	e.entries[key] = entry[V]{value: v, until: now.Add(e.life)}
	return key, true
}

// get returns what is under key.
func (e *expiring[V]) get(key string) (V, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, ok := e.entries[key]
	if !ok || e.now().After(found.until) {
		var none V
		return none, false
	}
	return found.value, true
}

// take returns what is under key, once.
func (e *expiring[V]) take(key string) (V, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, ok := e.entries[key]
	delete(e.entries, key)
	if !ok || e.now().After(found.until) {
		var none V
		return none, false
	}
	return found.value, true
}
