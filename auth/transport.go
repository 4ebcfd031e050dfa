package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	callTimeout = 10 * time.Second
	maxBody     = 1 << 20
)

var (
	errDown       = errors.New("provider down")
	errTooLarge   = errors.New("answer too large")
	errRedirected = errors.New("provider redirects a call that has no redirects")
)

// newClient returns the client for all calls to one provider.
func newClient(base http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: &bounded{base: base, timeout: timeout},
		// A redirect would carry the client secret or the access token to
		// wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected },
	}
}

// bounded reads every answer whole, within a time and a size. The libraries
// above it read without limit, and lose the cause when a body breaks off.
type bounded struct {
	base    http.RoundTripper
	timeout time.Duration
}

// RoundTrip implements [http.RoundTripper].
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), b.timeout)
	defer cancel()

	resp, err := b.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDown, err)
	}
	defer resp.Body.Close()

	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		return nil, fmt.Errorf("%w: status %d", errDown, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDown, err)
	}
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// isDown reports whether err means that the provider did not answer.
func isDown(err error) bool {
	return errors.Is(err, errDown) || errors.Is(err, context.Canceled)
}
