package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the system user as whom the server runs.
type account struct {
	name       string
	uid, gid   int
	credential *syscall.Credential // nil when it is ours already
}

// serverAccount is the current user; PostgreSQL refuses root, which runs it as
// "postgres" or, without that user, as "nobody".
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		name, err := starterName()
		return account{name: name, uid: os.Geteuid(), gid: os.Getegid()}, err
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return account{}, fmt.Errorf("read system user: %w", err)
		}
		return account{
			name: name, uid: int(uid), gid: int(gid),
			credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
		}, nil
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// starterName is the name of the user who starts the cluster, as the server
// will see it at the other end of the socket.
func starterName() (string, error) {
	starter, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return "", fmt.Errorf("PostgreSQL needs a user with a name: user %d is not in the system's list", os.Geteuid())
	}
	return starter.Username, nil
}

// makeFolder makes a folder that only the account, and root, may enter.
func (a account) makeFolder(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make folder: %w", err)
	}
	found, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look at folder: %w", err)
	}
	if !found.IsDir() {
		return fmt.Errorf("%s is not a folder", path)
	}
	if a.credential != nil {
		if err := os.Lchown(path, a.uid, a.gid); err != nil {
			return fmt.Errorf("give folder to %s: %w", a.name, err)
		}
	}
	return nil
}

// writeFile puts a file into a folder that belongs to the account. The folder
// is not trusted: whatever lies at path is replaced, never written through.
func (a account) writeFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	_, err = file.Write(content)
	if a.credential != nil {
		err = errors.Join(err, file.Chown(a.uid, a.gid))
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(file.Name()))
	}
	return nil
}

// Reachable reports whether the user as whom a cluster would run may enter the
// folder. It is tried, not computed: access lists and mounts count too.
func Reachable(folder string) bool {
	owner, err := serverAccount()
	if err != nil {
		return false
	}
	cmd := exec.Command("/bin/true")
	cmd.Dir = folder // entered after the change of user
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner.credential}
	return cmd.Run() == nil
}
