package portal

import (
	"errors"
	"net/http"

	"guichet/auth"
	"guichet/fault"
)

// keysLife is how long a provider may keep our keys. The procedure for changing
// them counts on it (docs/identity.md).
const keysLife = "max-age=300"

// showKeys serves GET /.well-known/jwks.json: the public halves of our keys, for
// the providers that encrypt for us or that check our signature.
func (p *Portal) showKeys(w http.ResponseWriter, _ *http.Request) error {
	set, err := auth.PublishedKeys(p.providers)
	if err != nil {
		return err
	}
	if set == nil {
		return fault.New(fault.NotFound, errors.New("no provider needs keys of ours"))
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", keysLife)
	_, _ = w.Write(set) // a provider that has gone needs no answer
	return nil
}
