package portal

import (
	"errors"
	"net/http"
	"strconv"

	"guichet/fault"
	"guichet/handlers"
	"guichet/record"
	"guichet/web"
)

// listReports serves GET /reports, filtered and from ?page=N on.
func (p *Portal) listReports(w http.ResponseWriter, r *http.Request) error {
	reports, err := p.store.ReadReports(r.Context(), caller(r))
	if err != nil {
		return err
	}
	asked := r.URL.Query()
	page, err := strconv.Atoi(asked.Get("page"))
	if err != nil {
		page = 1
	}
	return p.web.Render(w, http.StatusOK, web.ReportsPage{Base: p.base(r, reports.Person), Patient: reports.Patient, Reports: reports.Reports,
		Filter: web.ParseFilter(asked), Page: page})
}

// showReport serves GET /reports/{report}.
func (p *Portal) showReport(w http.ResponseWriter, r *http.Request) error {
	report, err := p.store.ReadReport(r.Context(), caller(r), wanted(r))
	if err != nil {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.ReportPage{Base: p.base(r, report.Person), Patient: report.Patient, Report: report.Report})
}

// showOriginal serves GET /reports/{report}/original.pdf, the bytes as they
// were received. The file's name says nothing (DT10).
func (p *Portal) showOriginal(w http.ResponseWriter, r *http.Request) error {
	original, err := p.store.ReadOriginal(r.Context(), caller(r), wanted(r))
	if err != nil {
		return err
	}
	if original.Document.MediaType != "application/pdf" {
		return fault.New(fault.NotFound, errors.New("original is not a PDF"))
	}
	return sendFile(w, r, "application/pdf", "compte-rendu.pdf", original.Document.Bytes) // a document from outside
}

// wanted is the report that the path names. What is no identifier is asked for
// all the same, as one that does not exist: both take the same way and leave
// the same trace (DT3).
func wanted(r *http.Request) record.ReportID {
	id, err := record.ParseReportID(handlers.Parameter(r, "report"))
	if err != nil {
		return record.ReportID{}
	}
	return id
}
