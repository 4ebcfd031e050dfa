package portal

import (
	"net/http"
	"strconv"

	"guichet/store"
	"guichet/web"
)

// showAccessLog serves GET /access-log, from ?before=ENTRY downwards.
func (p *Portal) showAccessLog(w http.ResponseWriter, r *http.Request) error {
	before, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	log, err := p.store.ReadAccessLog(r.Context(), caller(r), before)
	if err != nil {
		return err
	}
	page := web.AccessLogPage{Base: p.base(r, log.Person), Patient: log.Patient, Accesses: log.Accesses, Signed: p.log.verifier != nil}
	if len(log.Accesses) == store.AccessLogPage {
		page.More = "/access-log?before=" + strconv.FormatInt(log.Accesses[len(log.Accesses)-1].Entry, 10)
	}
	return p.web.Render(w, http.StatusOK, page)
}
