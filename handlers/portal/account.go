package portal

import (
	"net/http"

	"guichet/handlers"
	"guichet/web"
)

// askClosing serves GET /account/close: what closing the account means.
func (p *Portal) askClosing(w http.ResponseWriter, r *http.Request) error {
	return p.web.Render(w, http.StatusOK, web.CloseAccountPage{Base: p.unread(r)})
}

// closeAccount serves POST /account/close (GA4.d). The provider's session can be
// closed from its page.
func (p *Portal) closeAccount(w http.ResponseWriter, r *http.Request) error {
	if err := p.store.CloseAccount(r.Context(), caller(r)); err != nil {
		return err
	}
	s := handlers.RequestOf(r.Context()).Session
	s.Forget()
	s.SetAside(w)
	w.Header().Set("Clear-Site-Data", dropAllButIt)
	return p.web.Render(w, http.StatusOK, web.AccountClosedPage{Base: p.bare(r), Provider: s.Value("provider"), ProviderCloses: s.Value("id_token") != ""})
}

// showAccount serves GET /account: who Guichet thinks the reader is.
func (p *Portal) showAccount(w http.ResponseWriter, r *http.Request) error {
	account, err := p.store.ReadAccount(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.AccountPage{Base: p.base(r, account.Person), Patient: account.Patient, SignIns: account.SignIns})
}
