package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// temporaryRoot is not $TMPDIR, which may be too long for a socket or closed to
// the server's user.
const temporaryRoot = "/tmp"

const temporaryPrefix = "guichet-pg-"

// temporary is a folder for one throw-away cluster. Its lock tells a folder in
// use from one whose process was killed.
type temporary struct {
	path string
	lock *os.File
}

// makeTemporary makes a folder, after sweeping away those left by processes
// that were killed.
func makeTemporary() (*temporary, error) {
	sweep(temporaryRoot)
	path, err := os.MkdirTemp(temporaryRoot, temporaryPrefix)
	if err != nil {
		return nil, fmt.Errorf("make temporary folder: %w", err)
	}
	lock, err := lockFolder(path, os.O_CREATE)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	// The server's user passes through; what lies inside is closed to others.
	// #nosec G302 -- passed through, not listed
	if err := os.Chmod(path, 0o711); err != nil {
		return nil, errors.Join(fmt.Errorf("open temporary folder: %w", err), lock.Close(), os.RemoveAll(path))
	}
	return &temporary{path: path, lock: lock}, nil
}

// lockFolder takes the folder's lock, which the kernel releases with this
// process. Only the folder's maker creates the lock: a sweeper that did would
// fill a folder which its owner is just removing.
func lockFolder(path string, create int) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|create|syscall.O_NOFOLLOW, 0o600) // #nosec G304 -- below our own root
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("take lock: %w", err), file.Close())
	}
	return file, nil
}

// remove removes the folder; nil is no folder.
func (t *temporary) remove() error {
	if t == nil {
		return nil
	}
	return errors.Join(os.RemoveAll(t.path), t.lock.Close())
}

// sweep removes the folders of ours that nobody uses any more. It is a
// courtesy: what cannot be removed stays.
func sweep(root string) {
	paths, err := filepath.Glob(filepath.Join(root, temporaryPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range paths {
		found, err := os.Lstat(path)
		if err != nil || !found.IsDir() {
			continue
		}
		// Only our own: in a folder of somebody else the lock proves nothing. A
		// mode of 0700 is a folder whose maker has not locked it yet.
		if owner, ok := found.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Geteuid() || found.Mode().Perm() != 0o711 {
			continue
		}
		lock, err := lockFolder(path, 0)
		if err != nil {
			continue
		}
		if len(processesIn(filepath.Join(path, "data"))) == 0 {
			_ = os.RemoveAll(path)
		}
		_ = lock.Close()
	}
}
