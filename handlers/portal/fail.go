package portal

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"guichet/fault"
	"guichet/handlers"
	"guichet/store"
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
		if errors.Is(err, errWaits) {
			http.Redirect(w, r, "/session-open", http.StatusSeeOther)
			return
		}
		if kerr := p.keepReturn(w, r); kerr != nil {
			req.Err = errors.Join(err, kerr)
		}
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
	case fault.RateLimited:
		delayed, ok := errors.AsType[*store.Delayed](err)
		if !ok {
			delayed = &store.Delayed{Wait: time.Minute}
		}
		status, page = http.StatusTooManyRequests, p.wait(w, r, delayed)
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

// wait tells when the next try may come. By the second that Retry-After names, it
// may (AA7.b).
func (p *Portal) wait(w http.ResponseWriter, r *http.Request, d *store.Delayed) web.Page {
	w.Header().Set("Retry-After", strconv.Itoa(int((d.Wait+time.Second-1)/time.Second)))
	base := p.bare(r)
	page := web.WaitPage{Base: base, Until: base.Now.Add(d.Wait), Failures: d.Rung, Longest: d.Longest, Blocked: d.Blocked}
	if r.URL.Path == activatePath {
		page.Again = activatePath // the provider's answer is kept there
	}
	return page
}
