package auth

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestNothingEqualsAnAbsentSecret(t *testing.T) {
	for _, test := range []struct {
		got, want string
		equal     bool
	}{{"", "", false}, {"a", "", false}, {"", "a", false}, {"a", "b", false}, {"a", "aa", false}, {"a", "a", true}} {
		if equal(test.got, test.want) != test.equal {
			t.Errorf("%q, %q: got %v", test.got, test.want, !test.equal)
		}
	}
}

// endless is a body without end, which counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }
func (e *endless) Close() error               { return nil }

type answering struct{ body io.ReadCloser }

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: a.body}, nil
}

func TestAnswersAreReadToALimit(t *testing.T) {
	body := &endless{}
	_, err := newClient(answering{body}, time.Minute).Get("https://provider.test/")
	if !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
	if body.read > 2*maxBody {
		t.Errorf("read %d bytes", body.read)
	}
}
