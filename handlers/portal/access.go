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

// askReporting serves GET /access-log/{entry}/report: the line, and what there is
// to say of it.
func (p *Portal) askReporting(w http.ResponseWriter, r *http.Request) error {
	proof, err := p.store.ReadProof(r.Context(), caller(r), line(r), nil)
	if err != nil {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.ReportAccessPage{Base: p.base(r, proof.Person), Patient: proof.Patient, Access: proof.Access})
}

// reportAccess serves POST /access-log/{entry}/report. Sent again, it says the same.
func (p *Portal) reportAccess(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	reference, err := p.store.ReportAccess(r.Context(), caller(r), line(r), r.PostForm.Get("why"))
	if err != nil {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.AccessReportedPage{Base: p.unread(r), Reference: reference})
}
