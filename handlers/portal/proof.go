package portal

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"guichet/fault"
	"guichet/handlers"
	"guichet/web"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// signedLog is what strangers are told of the log of traces.
type signedLog struct {
	verifier note.Verifier // nil where the log is not signed here
	key      []byte        // as a file

	mu         sync.Mutex // guards what follows
	checkpoint []byte
	seen       time.Time
}

// checkpointLife is how long a checkpoint is shown before the database is asked for
// the next: anybody may ask for it, as often as they like.
const checkpointLife = time.Second

// showProof serves GET /access-log/{entry}/proof (TR3.e).
func (p *Portal) showProof(w http.ResponseWriter, r *http.Request) error {
	proof, err := p.store.ReadProof(r.Context(), caller(r), line(r), p.log.verifier)
	if err != nil {
		return err
	}
	page := web.ProofPage{Base: p.base(r, proof.Person), Patient: proof.Patient, Access: proof.Access, Signed: p.log.verifier != nil}
	if proof.Proof != nil {
		page.Proof = &web.Proof{Log: p.log.verifier.Name(), Place: proof.Proof.Place, Size: proof.At.Size, At: proof.At.At, Line: tlog.RecordHash(proof.Entry), Root: proof.At.Root, Others: proof.Others}
	}
	return p.web.Render(w, http.StatusOK, page)
}

// downloadProof serves GET /access-log/{entry}/proof.tlog-proof, a file of the kind
// c2sp.org/tlog-proof. Where there is none, the page says why.
func (p *Portal) downloadProof(w http.ResponseWriter, r *http.Request) error {
	entry := line(r)
	proof, err := p.store.ReadProof(r.Context(), caller(r), entry, p.log.verifier)
	if err != nil {
		return err
	}
	if proof.Proof == nil || proof.Others {
		http.Redirect(w, r, "/access-log/"+strconv.FormatInt(entry, 10)+"/proof", http.StatusSeeOther)
		return nil
	}
	return sendFile(w, r, "application/octet-stream", web.ProofFile(entry), proof.Proof.File(proof.Entry))
}

// sendFile answers with a file to keep, which runs nothing here.
func sendFile(w http.ResponseWriter, r *http.Request, kind, name string, content []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if _, err := w.Write(content); err != nil {
		handlers.RequestOf(r.Context()).Err = fault.New(fault.Unavailable, errors.New("client left"))
	}
	return nil
}

// line is the entry that the path names. What is no number is asked for all the
// same, as one that does not exist (DT3).
func line(r *http.Request) int64 {
	entry, err := strconv.ParseInt(handlers.Parameter(r, "entry"), 10, 64)
	if err != nil || strconv.FormatInt(entry, 10) != handlers.Parameter(r, "entry") {
		return 0
	}
	return entry
}

// showTracesKey serves GET /legal/traces.pub: what anybody checks a proof with.
func (p *Portal) showTracesKey(w http.ResponseWriter, _ *http.Request) error {
	return p.publish(w, p.log.key)
}

// showCheckpoint serves GET /legal/checkpoint: what the log was a moment ago. Size
// and hash say nothing of anybody.
func (p *Portal) showCheckpoint(w http.ResponseWriter, r *http.Request) error {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	if time.Since(p.log.seen) > checkpointLife {
		signed, err := p.store.Checkpoint(r.Context())
		if err != nil {
			return err
		}
		if len(signed) == 0 {
			return fault.New(fault.NotFound, errors.New("the log has no checkpoint yet"))
		}
		p.log.checkpoint, p.log.seen = signed, time.Now()
	}
	return p.publish(w, p.log.checkpoint)
}

func (p *Portal) publish(w http.ResponseWriter, text []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // who has gone needs no answer
	return nil
}
