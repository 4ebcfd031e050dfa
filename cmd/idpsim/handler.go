package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"guichet/configs"
)

// newHandler makes both providers, with new keys. Secrets are the clients', in
// their order.
func newHandler(config configs.IDPSim, secrets []configs.Secret, log *slog.Logger, now func() time.Time) (http.Handler, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, d := range []dialect{franceConnect{}, proSanteConnect{}} {
		p, err := newProvider(d, config, secrets, pages, log, now)
		if err != nil {
			return nil, fmt.Errorf("make provider %s: %w", d.profile().name, err)
		}
		p.mount(mux)
	}
	mux.HandleFunc("GET /{$}", showIndex(pages))
	mux.HandleFunc("GET /style.css", showStyle)
	return protect(mux), nil
}

// protect sets what holds for every answer. Pages name the form's targets
// themselves.
func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy(""))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// contentPolicy allows our style sheet, and a form that is sent to us and on to
// the relying party: browsers check the redirect after a form as well.
func contentPolicy(relyingParty string) string {
	formAction := "'none'"
	if relyingParty != "" {
		formAction = "'self' " + relyingParty
	}
	return "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + formAction
}
