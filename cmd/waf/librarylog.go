package main

import (
	"log/slog"
	"strings"
)

// libraryLog takes the lines net/http and httputil log. What they quote came
// from a client or from the portal and is cut off. Failed handshakes, of which
// any scanner makes thousands, are for debugging only.
type libraryLog struct{ log *slog.Logger }

func (l libraryLog) Write(line []byte) (int, error) {
	text, _, _ := strings.Cut(strings.TrimSpace(string(line)), `"`)
	if strings.Contains(text, "TLS handshake error") {
		l.log.Debug("tls handshake failed", "text", text)
	} else {
		l.log.Warn("http library", "text", text)
	}
	return len(line), nil
}
