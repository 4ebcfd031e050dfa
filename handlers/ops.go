package handlers

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/mux"
)

// Ops serves probes and metrics on a private network: nothing about anybody.
func Ops(m *Metrics, ready func(context.Context) error) http.Handler {
	router := mux.NewRouter()
	router.Methods(http.MethodGet).Path("/healthz").HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "alive\n")
	})
	router.Methods(http.MethodGet).Path("/readyz").HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if err := ready(ctx); err != nil {
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
	router.Methods(http.MethodGet).Path("/metrics").Handler(m.Handler())
	return router
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a probe that has gone needs no answer
}
