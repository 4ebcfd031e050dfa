package certificate

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// refetch is how old something fetched grows at most before it is fetched
	// again: an authority may publish a revocation before its list runs out.
	refetch = time.Hour
	// retry is how long a failure is remembered, so that a responder that is
	// down does not hold up every handshake.
	retry = 30 * time.Second
)

// kept holds in memory what was fetched. One fetch of a thing is under way at
// a time, whoever waits for it.
type kept[T any] struct {
	now   func() time.Time
	group singleflight.Group

	mu    sync.Mutex // guards items
	items map[string]item[T]
}

// item is a value, or the failure to get one, or a value that could not be
// made new.
type item[T any] struct {
	value *T
	due   time.Time // to be fetched again
	err   error     // of the last try
}

func newKept[T any](now func() time.Time) *kept[T] {
	return &kept[T]{now: now, items: map[string]item[T]{}}
}

// get returns what is held under key. What is due is fetched: while the caller
// waits if nothing usable is held, else behind its back.
func (k *kept[T]) get(ctx context.Context, key string, usable func(*T) bool, fetch func(context.Context, *T) (*T, time.Time, error)) (*T, error) {
	k.mu.Lock()
	held := k.items[key]
	k.mu.Unlock()
	now := k.now()
	if now.Before(held.due) && !held.due.After(now.Add(refetch)) {
		return held.value, held.err
	}
	done := k.group.DoChan(key, func() (any, error) { return nil, k.renew(key, fetch) })
	if held.value != nil && usable(held.value) {
		return held.value, nil
	}
	select {
	case <-done:
	case <-ctx.Done():
		return held.value, errors.New("no answer in time")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.items[key].value, k.items[key].err
}

// renew fetches and keeps what comes, or the failure beside what was held.
func (k *kept[T]) renew(key string, fetch func(context.Context, *T) (*T, time.Time, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	k.mu.Lock()
	held := k.items[key]
	k.mu.Unlock()
	value, until, err := fetch(ctx, held.value)
	now := k.now()
	fresh := item[T]{value: value, due: dueAt(now, until)}
	if err != nil {
		fresh = item[T]{value: held.value, due: now.Add(retry), err: err}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.items) >= maxHeld {
		clear(k.items)
	}
	k.items[key] = fresh
	return err
}

// dueAt is half way to the end of what was fetched, within an hour.
func dueAt(now, until time.Time) time.Time {
	half := until.Sub(now) / 2
	return now.Add(min(max(half, retry), refetch))
}
