package envelope

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
)

// ring is the keyring file: keysets wrapped by the master key. It holds no
// secret by itself, and is useless without the master key.
type ring struct {
	Service []byte           `json:"service"`
	Index   map[Field][]byte `json:"index"`
}

// Init makes a master key and a keyring, and refuses where either is there:
// a key replaced by mistake makes every record unreadable (DT4.c).
func Init(masterFile, keyringFile string) error {
	for _, name := range []string{masterFile, keyringFile} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make keys: %s is there already; it is never overwritten", name)
		}
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make master key: %w", err)
	}
	master, err := aead.New(handle)
	if err != nil {
		return fmt.Errorf("use master key: %w", err)
	}
	keyring, err := newRing(master)
	if err != nil {
		return err
	}
	var clear bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&clear)); err != nil {
		return fmt.Errorf("write master key: %w", err)
	}
	// The keyring first: should the machine die between the two, what is left
	// has sealed nothing and can be removed.
	if err := writeNew(keyringFile, keyring); err != nil {
		return fmt.Errorf("write keyring: %w", err)
	}
	if err := writeNew(masterFile, clear.Bytes()); err != nil {
		return fmt.Errorf("write master key: %w", err)
	}
	return nil
}

func newRing(master Master) ([]byte, error) {
	service, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make service keyset: %w", err)
	}
	r := ring{Index: make(map[Field][]byte, len(fields))}
	if r.Service, err = wrap(service, master, "service"); err != nil {
		return nil, fmt.Errorf("wrap service keyset: %w", err)
	}
	for _, f := range fields {
		handle, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
		if err != nil {
			return nil, fmt.Errorf("make index keyset: %w", err)
		}
		if r.Index[f], err = wrap(handle, master, "index", string(f)); err != nil {
			return nil, fmt.Errorf("wrap index keyset: %w", err)
		}
	}
	return json.MarshalIndent(r, "", "  ")
}

// OpenFiles reads a master key file of mode 0600 and the keyring it wraps.
func OpenFiles(masterFile, keyringFile string) (*Keyring, error) {
	master, err := readMaster(masterFile)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(keyringFile) // #nosec G304 -- the configuration names it
	if err != nil {
		return nil, fmt.Errorf("read keyring: %w", err)
	}
	return Open(master, text)
}

// Open unwraps a keyring. It refuses one that lacks a keyset.
func Open(master Master, keyring []byte) (*Keyring, error) {
	var r ring
	if err := json.Unmarshal(keyring, &r); err != nil {
		return nil, errors.New("read keyring: not a keyring file")
	}
	handle, err := unwrap(r.Service, master, "service")
	if err != nil {
		return nil, fmt.Errorf("unwrap service keyset: %w", err)
	}
	service, err := newKey(handle)
	if err != nil {
		return nil, err
	}
	opened := &Keyring{master: master, service: service, index: make(map[Field]*prf.Set, len(fields))}
	var missing []Field
	for _, f := range fields {
		wrapped, ok := r.Index[f]
		if !ok {
			missing = append(missing, f)
			continue
		}
		handle, err := unwrap(wrapped, master, "index", string(f))
		if err != nil {
			return nil, fmt.Errorf("unwrap index keyset %s: %w", f, err)
		}
		if opened.index[f], err = prf.NewPRFSet(handle); err != nil {
			return nil, fmt.Errorf("use index keyset %s: %w", f, err)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("read keyring: no keyset for %s", describe(missing))
	}
	return opened, nil
}

func readMaster(name string) (Master, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read master key: %s may be read by others; chmod 600 it", name)
	}
	text, err := os.ReadFile(name) // #nosec G304 -- the configuration names it
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, errors.New("read master key: not a keyset file")
	}
	master, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use master key: %w", err)
	}
	return master, nil
}

// writeNew writes a file that was not there, whole or not at all, and durably.
func writeNew(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), name); err != nil { // fails where name exists
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
