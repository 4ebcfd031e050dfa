package portal

import (
	"net/http"
	"strconv"
	"time"

	"guichet/store"
	"guichet/web"
)

// showAccessLog serves GET /access-log, filtered, from ?before=ENTRY downwards.
func (p *Portal) showAccessLog(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	before, err := strconv.ParseInt(asked.Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	filter := web.ParseAccessFilter(asked)
	log, err := p.store.ReadAccessLog(r.Context(), caller(r), stored(filter), before)
	if err != nil {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.AccessLogPage{Base: p.base(r, log.Person), Patient: log.Patient, Accesses: log.Accesses, Filter: filter, Total: log.Total,
		Months: log.Months, More: len(log.Accesses) == store.AccessLogPage, Signed: p.log.verifier != nil})
}

// stored is the filter as the store takes it.
func stored(f web.AccessFilter) store.AccessFilter {
	return store.AccessFilter{Others: f.Others, Act: f.Act, Since: f.Since(time.Now()), Months: f.Months}
}

// downloadAccessLog serves GET /access-log.csv: the whole of what the filter leaves
// in, as a table. The file's name says nothing (DT10).
func (p *Portal) downloadAccessLog(w http.ResponseWriter, r *http.Request) error {
	page, err := p.wholeAccessLog(r)
	if err != nil {
		return err
	}
	table, err := p.web.AccessTable(page)
	if err != nil {
		return err
	}
	return sendFile(w, r, "text/csv; charset=utf-8", "guichet-access-log.csv", table)
}

// printAccessLog serves GET /access-log.pdf: the same as a document.
func (p *Portal) printAccessLog(w http.ResponseWriter, r *http.Request) error {
	page, err := p.wholeAccessLog(r)
	if err != nil {
		return err
	}
	document, err := p.web.AccessDocument(page)
	if err != nil {
		return err
	}
	return sendFile(w, r, "application/pdf", "guichet-access-log.pdf", document)
}

func (p *Portal) wholeAccessLog(r *http.Request) (web.AccessLogPage, error) {
	filter := web.ParseAccessFilter(r.URL.Query())
	filter.Months = false
	log, err := p.store.ReadWholeAccessLog(r.Context(), caller(r), stored(filter))
	if err != nil {
		return web.AccessLogPage{}, err
	}
	return web.AccessLogPage{Base: p.base(r, log.Person), Patient: log.Patient, Accesses: log.Accesses, Filter: filter, Total: log.Total, More: log.Cut}, nil
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
