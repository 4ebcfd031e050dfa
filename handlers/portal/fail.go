package portal

import (
	"errors"
	"net/http"

	"guichet/fault"
	"guichet/handlers"
	"guichet/web"
)

// fail turns an error into an answer. It is the only place that does: what
// people see is a page of the catalogue and a reference number (DT2).
func (p *Portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	req := handlers.RequestOf(r.Context())
	req.Err = err
	if s := req.Session; s != nil && fault.KindOf(err) == fault.Ended {
		s.Forget()
	}
	w.Header().Del("Refresh")
	var status int
	var page web.Page
	switch fault.KindOf(err) {
	case fault.Unauthenticated:
		if failed, ok := errors.AsType[*signInFailed](err); ok {
			status, page = http.StatusForbidden, web.SignInFailedPage{Base: p.bare(r), Means: failed.means}
			break
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	case fault.Ended:
		http.Redirect(w, r, "/session-ended", http.StatusSeeOther)
		return
	case fault.NotFound, fault.Forbidden:
		if errors.Is(err, handlers.ErrCrossOrigin) {
			status, page = http.StatusForbidden, web.ForbiddenOriginPage{Base: p.bare(r)}
			break
		}
		status, page = http.StatusNotFound, web.NotFoundPage{Base: p.unread(r)} // missing and forbidden are one (DT3)
	case fault.Unmatched:
		status, page = http.StatusForbidden, p.unlinkedPage(r, err)
	case fault.Unavailable:
		w.Header().Set("Retry-After", "10")
		status, page = http.StatusServiceUnavailable, web.UnavailablePage{Base: p.bare(r)}
	default:
		if eerr := p.endAfterError(w, r); eerr != nil {
			req.Err = errors.Join(err, eerr)
		}
		status, page = http.StatusInternalServerError, web.InternalPage{Base: p.bare(r)}
	}
	if rerr := p.web.Render(w, status, page); rerr != nil {
		// Only a page that stands ready from the start is left.
		req.Err = errors.Join(req.Err, rerr)
		_ = p.web.Render(w, http.StatusInternalServerError, web.InternalPage{Base: p.bare(r)})
	}
}
