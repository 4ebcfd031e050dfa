package courier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"guichet/traces/stream"
)

// Lines sends each entry as a line of syslog.
type Lines struct {
	Format stream.Format
	Source stream.Source
	Sender interface {
		Send(ctx context.Context, lines ...[]byte) error // nil when the receiver has read them all
	}
}

// Take implements Receiver.
func (l Lines) Take(ctx context.Context, entries []Entry) error {
	lines := make([][]byte, len(entries))
	for i, e := range entries {
		var err error
		if lines[i], err = stream.Line(l.Format, e.Entry, e.Where, l.Source); err != nil {
			return fmt.Errorf("entry %d: %w", e.ID, err)
		}
	}
	return l.Sender.Send(ctx, lines...)
}

// Bundles posts entries to a FHIR server as AuditEvents, in a batch (IHE ITI-20,
// RESTful ATNA).
type Bundles struct {
	URL    string // the server's base
	Client *http.Client
	Token  func() (string, error) // a bearer token; nil where there is none
	Source stream.Source
}

// maxAnswer bounds what is read of a server's answer.
const maxAnswer = 16 << 20

type bundle struct {
	ResourceType string        `json:"resourceType"`
	Type         string        `json:"type"`
	Entry        []bundleEntry `json:"entry"`
}

type bundleEntry struct {
	Resource json.RawMessage `json:"resource,omitempty"`
	Request  *bundleRequest  `json:"request,omitempty"`
	Response *struct {
		Status string `json:"status"`
	} `json:"response,omitempty"`
}

type bundleRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
}

// Take implements Receiver.
func (b Bundles) Take(ctx context.Context, entries []Entry) error {
	sent := bundle{ResourceType: "Bundle", Type: "batch"}
	for _, e := range entries {
		resource, err := stream.AuditEvent(e.Entry, e.Where, b.Source)
		if err != nil {
			return fmt.Errorf("entry %d: %w", e.ID, err)
		}
		sent.Entry = append(sent.Entry, bundleEntry{Resource: resource, Request: &bundleRequest{Method: http.MethodPost, URL: "AuditEvent"}})
	}
	body, err := json.Marshal(sent)
	if err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	answer, err := b.post(ctx, body)
	if err != nil {
		return err
	}
	var got bundle
	if err := json.Unmarshal(answer, &got); err != nil || got.ResourceType != "Bundle" || got.Type != "batch-response" || len(got.Entry) != len(entries) {
		return errors.New("post audit events: the answer is not a batch-response for each of them")
	}
	for i, e := range got.Entry {
		if e.Response == nil || !strings.HasPrefix(e.Response.Status, "2") {
			return fmt.Errorf("post audit events: entry %d was not taken", entries[i].ID)
		}
	}
	return nil
}

func (b Bundles) post(ctx context.Context, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("post audit events: not a URL")
	}
	request.Header.Set("Content-Type", "application/fhir+json")
	request.Header.Set("Accept", "application/fhir+json")
	request.Header.Set("Prefer", "return=minimal")
	if b.Token != nil {
		token, err := b.Token()
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := b.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("post audit events: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("post audit events: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("post audit events: status %d", response.StatusCode)
	}
	return answer, nil
}
