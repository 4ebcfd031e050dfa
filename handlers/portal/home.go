package portal

import (
	"net/http"

	"guichet/fault"
	"guichet/record"
	"guichet/web"
)

// showHome serves GET /: a person's first page, or the doors to sign in by.
func (p *Portal) showHome(w http.ResponseWriter, r *http.Request) error {
	err := p.admit(p.showOwnHome)(w, r)
	if fault.KindOf(err) != fault.Unauthenticated {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.LandingPage{Base: p.bare(r)})
}

func (p *Portal) showOwnHome(w http.ResponseWriter, r *http.Request) error {
	home, err := p.store.ReadHome(r.Context(), caller(r))
	if err != nil {
		return err
	}
	base := p.base(r, home.Person)
	if home.Patient == nil {
		return p.web.Render(w, http.StatusOK, web.NothingSharedPage{Base: base, LastSignIn: home.LastSignIn, FirstSignIn: home.LastSignIn == nil})
	}
	return p.web.Render(w, http.StatusOK, web.HomePage{Base: base, Patient: home.Patient, LastSignIn: home.LastSignIn, FirstSignIn: home.LastSignIn == nil,
		Others: home.Others, New: newSince(home.Reports, home.LastSignIn), Reports: home.Reports})
}

// newSince returns the reports that came since a person's last sign-in; at the
// first, nothing stands out.
func newSince(reports []record.Report, last *record.SignIn) []record.Report {
	if last == nil {
		return nil
	}
	var fresh []record.Report
	for _, report := range reports {
		if report.Deposited.After(last.At) {
			fresh = append(fresh, report)
		}
	}
	return fresh
}
