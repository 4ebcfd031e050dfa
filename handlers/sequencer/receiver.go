package sequencer

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"

	"guichet/traces"
	"guichet/traces/stamp"
	"guichet/traces/stream"

	"golang.org/x/mod/sumdb/note"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// Post sends checkpoints by HTTPS, as they are.
type Post struct {
	URL    string
	Client *http.Client
	Token  func() (string, error) // a bearer token; nil where there is none
}

// Send is a relay's.
func (p Post) Send(ctx context.Context, signed []byte) error {
	_, err := post(ctx, p.Client, p.URL, "text/plain; charset=utf-8", p.Token, signed)
	return err
}

func post(ctx context.Context, client *http.Client, url, kind string, token func() (string, error), body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("not a URL")
	}
	request.Header.Set("Content-Type", kind)
	if token != nil {
		secret, err := token()
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+secret)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return answer, nil
}

// Line sends checkpoints as lines of syslog.
type Line struct {
	Verifier note.Verifier
	Source   stream.Source
	Sender   interface {
		Send(ctx context.Context, lines ...[]byte) error
	}
}

// Send is a relay's.
func (l Line) Send(ctx context.Context, signed []byte) error {
	at, err := traces.OpenCheckpoint(signed, l.Verifier)
	if err != nil {
		return err
	}
	line, err := stream.Checkpoint(signed, at.At, l.Source)
	if err != nil {
		return err
	}
	return l.Sender.Send(ctx, line)
}

// Stamps has checkpoints stamped by an authority (RFC 3161), and puts those that
// were into the folder, each with the authority's answer beside it.
type Stamps struct {
	URL         string
	Client      *http.Client
	Authorities *x509.CertPool
	Folder      Folder
}

// Send is a relay's. What does not verify is not kept.
func (s Stamps) Send(ctx context.Context, signed []byte) error {
	at, err := traces.OpenCheckpoint(signed, s.Folder.Verifier)
	if err != nil {
		return err
	}
	question, err := stamp.Ask(signed)
	if err != nil {
		return err
	}
	answer, err := post(ctx, s.Client, s.URL, stamp.QuestionType, nil, question.DER)
	if err != nil {
		return fmt.Errorf("ask for a time stamp: %w", err)
	}
	if _, err := question.Check(answer, s.Authorities); err != nil {
		return err
	}
	name := at.At.UTC().Format("2006-01-02T150405.000000")
	// First what the stamp is over: it is of no use alone.
	if err := s.Folder.write(name+".checkpoint", signed); err != nil {
		return fmt.Errorf("write stamped checkpoint: %w", err)
	}
	if err := s.Folder.write(name+".tsr", answer); err != nil {
		return fmt.Errorf("write time stamp: %w", err)
	}
	return nil
}
