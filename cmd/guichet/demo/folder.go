package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"guichet/store/pgtest"
)

const (
	lockName      = ".guichet-demo" // says whose the folder is, and is locked by the demo that runs in it
	installedMark = ".installed"    // the database and the master key exist
	fedMark       = ".fed"          // the sample messages have arrived
	clusterName   = "postgres"

	// sharedClusters holds the clusters of demos whose own folder the server's
	// user may not enter.
	sharedClusters = "/var/lib/guichet-demo"

	socketRoot   = "/tmp" // not $TMPDIR, which may be too long for a socket
	socketPrefix = "guichet-demo-"

	predecessorLimit = 15 * time.Second
	lockLimit        = 2 * time.Second
)

// folder is where a demo keeps everything; only one runs in it.
type folder struct {
	root string // absolute, without symbolic links
	lock *os.File
}

func (f *folder) path(parts ...string) string {
	return filepath.Join(append([]string{f.root}, parts...)...)
}

func (f *folder) run() string { return f.path("run") }

// pidFile is where the process number of a service stands while it runs.
func (f *folder) pidFile(service string) string { return filepath.Join(f.run(), service+".pid") }

func (f *folder) has(name string) bool {
	_, err := os.Lstat(f.path(name))
	return err == nil
}

func (f *folder) mark(name string) error { return writeFile(f.path(name), 0o600, nil) }

// contents is all that a demo puts into its folder, but for the lock.
func contents() []string {
	return []string{
		"run", "log", "tls", "secrets", "keys", checkpoints, tracesPublic, clusterName, clusterName + ".new",
		"guichet.toml", "waf.toml", "idpsim.toml", "ca.pem", "ca.crl", "ready.json", installedMark, fedMark,
	}
}

// claimFolder makes dir, or takes up one that an earlier demo made. A folder of
// somebody else's, where our names mean something else, is left alone.
func claimFolder(dir string) (*folder, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve folder: %w", err)
	}
	// Others may pass, since the cluster of a demo run by root lies below as
	// another user's; each thing inside has its own mode.
	// #nosec G301 -- passed through, not listed
	if err := os.MkdirAll(root, 0o711); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, fmt.Errorf("resolve folder: %w", err)
	}
	f := &folder{root: root}
	if !f.has(lockName) && slices.ContainsFunc(contents(), f.has) {
		return nil, fmt.Errorf("%s holds files that guichet demo did not make: choose another folder with --dir", root)
	}
	if f.lock, err = os.OpenFile(f.path(lockName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if !awaitLock(f.lock) {
		err = fmt.Errorf("a demo already runs in %s: stop it, or choose another folder with --dir", root)
		return nil, errors.Join(err, f.lock.Close())
	}
	// What an earlier run said is no longer so.
	if err := os.Remove(f.path("ready.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("remove stale ready.json: %w", err), f.lock.Close())
	}
	return f, nil
}

// awaitLock takes the lock, with patience for a demo that has just been killed
// and still holds it for a moment.
func awaitLock(lock *os.File) bool {
	deadline := time.After(lockLimit)
	for {
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			return true
		}
		select {
		case <-deadline:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// release lets another demo have the folder.
func (f *folder) release() error { return f.lock.Close() }

// awaitPredecessor waits for what a killed demo started: the kernel has told
// it to end, but the cluster is free only when it has. It reports whether there
// was such a demo.
func (f *folder) awaitPredecessor() bool {
	files, err := filepath.Glob(f.pidFile("*"))
	if err != nil {
		return false
	}
	deadline := time.After(predecessorLimit)
	for _, file := range files {
		for f.isOurs(file) {
			select {
			case <-deadline:
				return true
			case <-time.After(20 * time.Millisecond):
			}
		}
		_ = os.Remove(file)
	}
	return len(files) > 0
}

// isOurs reports whether the process that file names still runs, and on this
// folder: its number may belong to somebody else by now.
func (f *folder) isOurs(file string) bool {
	content, err := os.ReadFile(file) // #nosec G304 -- in the demo's folder
	if err != nil {
		return false
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return false
	}
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", number))
	if err != nil {
		return false
	}
	return strings.Contains(string(command), f.root+"/") || strings.Contains(string(command), f.shared())
}

// wipe forgets everything but the claim itself.
func (f *folder) wipe() error {
	for _, name := range contents() {
		if err := os.RemoveAll(f.path(name)); err != nil {
			return fmt.Errorf("empty folder: %w", err)
		}
	}
	return nil // a shared cluster without its link is made anew by placeCluster
}

// prepare makes the folders inside. An installation that was cut short starts
// over: nothing has been fed to it.
func (f *folder) prepare() error {
	if !f.has(installedMark) {
		if err := f.wipe(); err != nil {
			return err
		}
	}
	for name, mode := range map[string]os.FileMode{
		"run": 0o755, "log": 0o700, "tls": 0o700, "secrets": 0o700, "keys": 0o700, checkpoints: 0o755,
	} {
		if err := os.Mkdir(f.path(name), mode); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	return nil
}

// shared is where the cluster lies when the server's user may not enter this
// folder.
func (f *folder) shared() string {
	sum := sha256.Sum256([]byte(f.root))
	return filepath.Join(sharedClusters, hex.EncodeToString(sum[:6]))
}

// placeCluster returns the folder of the cluster, which exists only after an
// earlier run.
func (f *folder) placeCluster() (string, error) {
	inside := f.path(clusterName)
	if f.has(clusterName) {
		data, err := filepath.EvalSymlinks(inside)
		if err != nil {
			return "", fmt.Errorf("the database of %s is gone: start anew with --fresh", f.root)
		}
		return data, nil
	}
	if f.has(installedMark) {
		return "", fmt.Errorf("the database of %s is gone: start anew with --fresh", f.root)
	}
	if pgtest.Reachable(f.root) {
		return inside, nil
	}
	shared := f.shared()
	// #nosec G301 -- the server's user passes through
	if err := os.MkdirAll(sharedClusters, 0o711); err != nil {
		return "", fmt.Errorf("make folder for the database: %w", err)
	}
	// Left by a demo folder of this name that has been deleted.
	if err := os.RemoveAll(shared); err != nil {
		return "", fmt.Errorf("remove old database: %w", err)
	}
	if err := os.Symlink(shared, inside); err != nil {
		return "", fmt.Errorf("link database: %w", err)
	}
	return shared, nil
}

// placeSockets makes the folder of PostgreSQL's socket, whose path must be
// short.
func (f *folder) placeSockets() (string, error) {
	if err := f.removeSockets(); err != nil { // of a demo that was killed
		return "", err
	}
	sockets, err := os.MkdirTemp(socketRoot, socketPrefix)
	if err != nil {
		return "", fmt.Errorf("make folder for sockets: %w", err)
	}
	if err := os.Symlink(sockets, f.socketLink()); err != nil {
		return "", errors.Join(fmt.Errorf("link sockets: %w", err), os.RemoveAll(sockets))
	}
	return sockets, nil
}

func (f *folder) socketLink() string { return filepath.Join(f.run(), "sockets") }

// removeSockets removes the folder that the link names, and the link.
func (f *folder) removeSockets() error {
	sockets, err := os.Readlink(f.socketLink())
	if err != nil {
		return nil // none was made
	}
	if strings.HasPrefix(sockets, filepath.Join(socketRoot, socketPrefix)) {
		err = os.RemoveAll(sockets)
	}
	if err := errors.Join(err, os.Remove(f.socketLink())); err != nil {
		return fmt.Errorf("remove sockets: %w", err)
	}
	return nil
}

func writePID(path string, pid int) error {
	return writeFile(path, 0o644, []byte(strconv.Itoa(pid)+"\n"))
}

// writeFile writes a file whole or not at all.
func writeFile(path string, mode os.FileMode, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(file.Name()))
	}
	return nil
}
