package portal

import (
	"net/http"
	"net/url"

	"guichet/handlers"
	"guichet/record"
	"guichet/web"
)

// showTrend serves GET /trends/{code}, of LOINC unless ?system=NAME says whose
// code it is.
func (p *Portal) showTrend(w http.ResponseWriter, r *http.Request) error {
	code := record.Code{System: record.LOINC}
	if asked := r.URL.Query(); asked.Has("system") {
		code.System = asked.Get("system")
	}
	// A code that is none is asked for all the same, as one that has no result
	// (DT3).
	code.Value, _ = url.PathUnescape(handlers.Parameter(r, "code"))
	trend, err := p.store.ReadTrend(r.Context(), caller(r), code)
	if err != nil {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.TrendPage{Base: p.base(r, trend.Person), Patient: trend.Patient, Trend: trend.Trend})
}
