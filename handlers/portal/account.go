package portal

import (
	"net/http"

	"guichet/web"
)

// showAccount serves GET /account: who Guichet thinks the reader is.
func (p *Portal) showAccount(w http.ResponseWriter, r *http.Request) error {
	account, err := p.store.ReadAccount(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return p.web.Render(w, http.StatusOK, web.AccountPage{Base: p.base(r, account.Person), Patient: account.Patient, SignIns: account.SignIns})
}
