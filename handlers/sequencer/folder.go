package sequencer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"guichet/traces"

	"golang.org/x/mod/sumdb/note"
)

// Folder publishes checkpoints to files: latest, and for each hour the last one of
// it, as long as the folder is kept. Each is written whole, or not at all.
type Folder struct {
	Path     string
	Verifier note.Verifier
}

const latest = "latest"

// Last returns what was published last.
func (f Folder) Last() ([]byte, error) {
	signed, err := os.ReadFile(filepath.Join(f.Path, latest)) // #nosec G304 -- the folder that the configuration names
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read published checkpoint: %w", err)
	}
	return signed, nil
}

// Publish writes a checkpoint.
func (f Folder) Publish(_ context.Context, signed []byte) error {
	at, err := traces.OpenCheckpoint(signed, f.Verifier)
	if err != nil {
		return err
	}
	for _, name := range []string{at.At.UTC().Format("2006-01-02T15") + ".checkpoint", latest} {
		if err := f.write(name, signed); err != nil {
			return fmt.Errorf("write checkpoint: %w", err)
		}
	}
	return nil
}

// write puts a file in its place by renaming: who reads it sees the old one or
// the new one.
func (f Folder) write(name string, text []byte) error {
	temporary, err := os.CreateTemp(f.Path, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // nothing, once it was renamed
	if _, err := temporary.Write(text); err != nil {
		return errors.Join(err, temporary.Close())
	}
	if err := errors.Join(temporary.Chmod(0o644), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), filepath.Join(f.Path, name))
}
