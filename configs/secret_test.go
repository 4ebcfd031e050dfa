package configs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

const hush = "Tr0ub4dor&3-canary"

func TestASecretIsNeverPrinted(t *testing.T) {
	secret := NewSecret(hush)
	type holder struct {
		Seen   Secret
		hidden Secret
		Behind *Secret
		Many   map[string]Secret
	}
	held := holder{secret, secret, &secret, map[string]Secret{"a": secret}}
	var printed strings.Builder
	for _, verb := range "vsqxXdobeEfFgGtTpUcw" {
		for _, flags := range []string{"", "+", "#", "-40", "040", " ", ".3"} {
			for _, value := range []any{secret, &secret, held, &held, []Secret{secret}, [1]Secret{secret}} {
				fmt.Fprintf(&printed, "%"+flags+string(verb)+"\n", value) //nolint:govet // wrong verbs are the point
			}
		}
	}
	fmt.Fprintln(&printed, secret, &secret, held)
	fmt.Fprintln(&printed, errors.New(fmt.Sprint(secret)), fmt.Errorf("%v", secret))
	for name, encode := range map[string]func(any) ([]byte, error){"json": json.Marshal, "xml": xml.Marshal, "toml": toml.Marshal} {
		for _, value := range []any{secret, struct{ S Secret }{secret}, struct{ S *Secret }{&secret}} {
			text, err := encode(value)
			if err != nil && name == "json" {
				t.Errorf("%s: %v", name, err)
			}
			printed.Write(text)
		}
	}
	keyed, err := json.Marshal(map[string]any{"a": secret, "b": held.Many})
	if err != nil {
		t.Fatal(err)
	}
	printed.Write(keyed)
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
		slog.New(handler).Info("x", "secret", secret, "pointer", &secret, "group", slog.GroupValue(slog.Any("s", secret)), "held", held)
	}
	printed.Write(logged.Bytes())
	if !strings.Contains(printed.String(), "[secret]") {
		t.Error("nothing was printed as [secret]")
	}
	// In hexadecimal and in quotes too: %x and %q must not get through.
	for _, form := range []string{hush, fmt.Sprintf("%x", hush), fmt.Sprintf("%X", hush), "Tr0", "canary"} {
		if strings.Contains(printed.String(), form) {
			t.Errorf("the secret was printed, as %q", form)
		}
	}
	if secret.Reveal() != hush || (Secret{}).Reveal() != "" {
		t.Error("Reveal does not return the value")
	}
	if got := fmt.Sprintf("%v %+v %#v %s %q %d", secret, secret, secret, secret, secret, secret); got != strings.TrimSpace(strings.Repeat("[secret] ", 6)) {
		t.Errorf("got %s", got)
	}
}

func secretFile(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadSecret(t *testing.T) {
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want, refused string
	}{
		{"plain", "s3cr3t-of-ours", 0o600, "s3cr3t-of-ours", ""},
		{"read only", "s3cr3t-of-ours", 0o400, "s3cr3t-of-ours", ""},
		{"one newline", "a b\n", 0o600, "a b", ""},
		{"one Windows newline", "a b\r\n", 0o600, "a b", ""},
		{"two newlines", "a b\n\n", 0o600, "a b\n", ""},
		{"spaces are kept", " a \n", 0o600, " a ", ""},
		{"empty", "", 0o600, "", "empty"},
		{"newline only", "\n", 0o600, "", "empty"},
		{"too large", strings.Repeat("ab", maxSecret), 0o600, "", "larger"},
		{"readable by the group", "x1y2", 0o640, "", "mode"},
		{"readable by all", "x1y2", 0o604, "", "mode"},
		{"writable by the group", "x1y2", 0o620, "", "mode"},
		{"executable", "x1y2", 0o700, "", "mode"},
		{"placeholder", "change-me\n", 0o600, "", "placeholder"},
		{"placeholder in capitals", "CHANGE_ME", 0o600, "", "placeholder"},
		{"zeros", strings.Repeat("0", 128), 0o600, "", "placeholder"},
		{"common word", "password", 0o600, "", "placeholder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			secret, err := ReadSecret(secretFile(t, c.content, c.mode))
			if c.refused == "" && err != nil {
				t.Fatal(err)
			}
			if c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got error %v, want one about %q", err, c.refused)
			}
			if err != nil && c.content != "" && strings.Contains(err.Error(), c.content) {
				t.Error("the error repeats the secret")
			}
			if got := secret.Reveal(); got != c.want {
				t.Errorf("got %d bytes, want %q", len(got), c.want)
			}
		})
	}
}

func TestReadSecretRefusesWhatIsNoFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"absent": pipe + "x", "folder": t.TempDir(), "pipe": pipe, "device": "/dev/zero"} {
		if _, err := ReadSecret(path); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestASecretOfAnotherUserIsRefused(t *testing.T) {
	info, err := os.Stat(secretFile(t, "x", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	for _, c := range []struct {
		owner   uint32
		user    int
		refused bool
	}{{1000, 1000, false}, {0, 1000, false}, {0, 0, false}, {1001, 1000, true}, {1001, 0, true}} {
		stat.Uid = c.owner
		if err := checkPrivate(info, c.user); (err != nil) != c.refused {
			t.Errorf("file of %d read by %d: got %v", c.owner, c.user, err)
		}
	}
}
