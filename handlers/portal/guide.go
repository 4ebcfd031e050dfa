package portal

import (
	"net/http"

	"guichet/handlers"
	"guichet/web"
)

// guides are the pages of advice and of law, open to anyone (GA1).
var guides = []struct {
	path  string
	guide web.Guide
}{
	{"/help", web.Help},
	{"/help/security", web.SecurityAdvice},
	{"/contact", web.Contact},
	{"/contact/phishing", web.Phishing},
	{"/legal/notice", web.LegalNotice},
	{"/legal/privacy", web.Privacy},
	{"/legal/accessibility", web.Accessibility},
	{"/legal/terms", web.Terms},
}

// showGuide serves one of them. In a session it keeps the menu and the way
// out; nothing is read for it, not even a name.
func (p *Portal) showGuide(guide web.Guide) handlers.Page {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, _ = p.open(w, r) // without a session, or without the database, it is the page of someone not signed in
		base := p.unread(r)
		base.Path = whereabouts(r)
		page := web.GuidePage{Base: base, Guide: guide}
		if guide == web.Help || guide == web.Privacy { // they tell the limits; the others need no database
			limits, err := p.limitsNow(r.Context())
			if err != nil {
				return err
			}
			page.Idle, page.Lifetime = limits.Idle, limits.Lifetime
		}
		return p.web.Render(w, http.StatusOK, page)
	}
}
