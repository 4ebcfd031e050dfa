package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Run gives the tests of one package a cluster and returns the exit code. It
// is called from TestMain, with use storing the cluster for the tests:
//
//	func TestMain(m *testing.M) {
//		os.Exit(pgtest.Run(m, func(c *pgtest.Cluster) { cluster = c }))
//	}
func Run(m interface{ Run() int }, use func(*Cluster)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cluster, err := Start(ctx, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "start PostgreSQL for tests:", err)
		return 1
	}
	ended := make(chan int, 1)
	go func() {
		// Tests that were interrupted leave no cluster behind either.
		select {
		case <-ctx.Done():
			_ = cluster.Stop()
			os.Exit(130)
		case <-ended:
		}
	}()
	use(cluster)
	code := m.Run()
	ended <- code
	if err := cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL for tests:", err)
		return max(code, 1)
	}
	return code
}
