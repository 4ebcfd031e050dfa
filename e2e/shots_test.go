package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShots takes a picture of every page for `make shots`. Whether they are
// as they should be is for people to see.
func TestShots(t *testing.T) {
	if os.Getenv("GUICHET_SHOTS") == "" {
		return // asked for by name only: go test has nothing to check here
	}
	folder, err := filepath.Abs("../shots")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GUICHET_SHOTS", folder)
	out, err := runNode(t, 12*time.Minute, "shots.mjs")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%d pictures in shots/\n%s", strings.Count(out, ".png"), out)
}
