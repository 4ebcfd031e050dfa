// Command tessera adds entries to a log of transparency-dev/tessera with its POSIX
// driver, from memory, and prints how many it integrated a second: what Guichet's
// own sequencer is measured against. It is a module of its own, so that Guichet
// itself does not depend on it.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"
)

func main() {
	entries := flag.Int("entries", 100_000, "how many")
	size := flag.Int("size", 900, "of each, in bytes")
	batch := flag.Int("batch", 4096, "entries in a batch at most, and adders at once")
	folder := flag.String("folder", "", "where the log lies")
	flag.Parse()
	rate, err := run(context.Background(), *folder, *entries, *size, *batch)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tessera:", err)
		os.Exit(1)
	}
	fmt.Printf("%.0f\n", rate)
}

func run(ctx context.Context, folder string, entries, size, batch int) (rate float64, err error) {
	private, _, err := note.GenerateKey(rand.Reader, "bench")
	if err != nil {
		return 0, err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return 0, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return 0, err
	}
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).WithCheckpointInterval(200*time.Millisecond).WithBatching(uint(batch), 50*time.Millisecond).WithPushback(uint(2*batch)))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, shutdown(ctx)) }()
	await := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	began := time.Now()
	group, adding := errgroup.WithContext(ctx)
	group.SetLimit(batch)
	futures := make(chan tessera.IndexFuture, entries)
	for i := range entries {
		group.Go(func() error {
			entry := make([]byte, size)
			_, _ = rand.Read(entry) // never fails
			copy(entry, fmt.Sprint(i))
			future := appender.Add(adding, tessera.NewEntry(entry))
			if _, err := future(); err != nil {
				return err
			}
			futures <- future
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	close(futures)
	var last tessera.IndexFuture
	for future := range futures {
		last = future
	}
	if _, _, err := await.Await(ctx, last); err != nil {
		return 0, err
	}
	return float64(entries) / time.Since(began).Seconds(), nil
}
