package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"guichet/auth/mischief"
)

// showSignIn serves GET /authorize: the form, each time anew.
func (p *provider) showSignIn(w http.ResponseWriter, r *http.Request) {
	q, err := p.parseRequest(r.URL.RawQuery)
	if err != nil {
		p.refuse(w, r, q, err)
		return
	}
	p.writeSignIn(w, q)
}

// signIn serves the form: whoever was chosen is signed in. The request comes
// back in hidden fields and is checked anew, so nothing is kept for a visitor
// who never answers.
func (p *provider) signIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.refuse(w, r, nil, &pageError{"Y000400", "le formulaire est illisible"})
		return
	}
	login, fault := r.PostForm.Get("login"), mischief.Fault(r.PostForm.Get("fault"))
	r.PostForm.Del("login")
	r.PostForm.Del("fault")
	q, err := p.checkRequest(r.PostForm)
	if err != nil {
		p.refuse(w, r, q, err)
		return
	}
	person, ok := p.person(login)
	if !ok {
		p.refuse(w, r, nil, &pageError{"Y000400", "cette personne n’est pas connue ici"})
		return
	}
	c := p.clients[q.Get("client_id")]
	if !p.canPlay(c, fault) {
		p.refuse(w, r, nil, &pageError{"Y000400", "cette faute n’est pas connue ici"})
		return
	}
	g := grant{
		person: person, clientID: c.ClientID, redirectURI: q.Get("redirect_uri"), nonce: q.Get("nonce"),
		challenge: q.Get("code_challenge"), scopes: strings.Fields(q.Get("scope")), level: p.dialect.level(q, c), signedIn: p.now(),
		tellsMethods: q.Get("claims") == amrClaims, fault: mischief.Of(fault),
	}
	before, err := p.mischief.begin(&g, q.Get("state"))
	if err != nil {
		p.refuse(w, r, nil, err)
		return
	}
	code, ok := p.codes.put(g)
	if !ok {
		p.refuse(w, r, q, &callbackError{"temporarily_unavailable", "too many sign-ins"})
		return
	}
	if g.fault.SpendsCode {
		p.codes.take(code)
	}
	if fault != "" {
		p.log.Info("a fault was ordered", "fault", string(fault))
	}
	answer := p.answer(q, url.Values{"code": {code}})
	if g.fault.ReplaysState {
		answer.Set("state", before)
	}
	if g.fault.Callback != nil {
		g.fault.Callback(answer)
	}
	http.Redirect(w, r, withQuery(q.Get("redirect_uri"), answer), http.StatusSeeOther)
}

// giveUp serves the link beside the form.
func (p *provider) giveUp(w http.ResponseWriter, r *http.Request) {
	q, err := p.parseRequest(r.URL.RawQuery)
	if err == nil {
		err = &callbackError{"access_denied", "User auth aborted"}
	}
	p.refuse(w, r, q, err)
}

func (p *provider) parseRequest(rawQuery string) (url.Values, error) {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, &pageError{"Y000400", "la demande est illisible"}
	}
	return p.checkRequest(q)
}

// checkRequest checks an authorization request. A callbackError comes with the
// request, whose address is then one the client has declared.
func (p *provider) checkRequest(q url.Values) (url.Values, error) {
	for _, values := range q {
		if len(values) != 1 {
			return nil, &pageError{"Y000400", "un paramètre est donné deux fois"}
		}
	}
	c, ok := p.clients[q.Get("client_id")]
	if !ok {
		return nil, &pageError{"Y04EA6EF", "ce fournisseur de service n’est pas connu"}
	}
	if !slices.Contains(c.RedirectURIs, q.Get("redirect_uri")) {
		return nil, &pageError{"Y04C013C", "l’adresse de retour n’est pas déclarée"}
	}
	if err := p.dialect.check(q, c); err != nil {
		return q, err
	}
	scopes := strings.Fields(q.Get("scope"))
	unknown := slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(p.profile.scopes, s) })
	if unknown || !slices.Contains(scopes, "openid") {
		return q, &callbackError{"invalid_scope", "requested scope is not allowed"}
	}
	return q, nil
}

// refuse shows an error to the person, or sends it back to the client.
func (p *provider) refuse(w http.ResponseWriter, r *http.Request, q url.Values, err error) {
	p.log.Info("sign-in refused", "error", err.Error())
	if back, ok := errors.AsType[*callbackError](err); ok {
		p.callBack(w, r, q, url.Values{"error": {back.code}, "error_description": {back.text}})
		return
	}
	if page, ok := errors.AsType[*pageError](err); ok {
		p.writeError(w, http.StatusBadRequest, page.code, page.text)
		return
	}
	p.writeError(w, http.StatusInternalServerError, "Y000500", "une erreur est survenue")
}

// callBack sends the browser back to the address that checkRequest has found
// declared.
func (p *provider) callBack(w http.ResponseWriter, r *http.Request, q, answer url.Values) {
	http.Redirect(w, r, withQuery(q.Get("redirect_uri"), p.answer(q, answer)), http.StatusSeeOther)
}

// answer adds to an answer what every one carries.
func (p *provider) answer(q, answer url.Values) url.Values {
	if state := q.Get("state"); state != "" {
		answer.Set("state", state)
	}
	if p.profile.namesItself {
		answer.Set("iss", p.issuer)
	}
	return answer
}

// withQuery adds parameters to an address that may have some.
func withQuery(address string, more url.Values) string {
	if strings.Contains(address, "?") {
		return address + "&" + more.Encode()
	}
	return address + "?" + more.Encode()
}
