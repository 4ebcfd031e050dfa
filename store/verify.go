package store

import (
	"crypto/tls"
	"errors"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/lib/pq"
)

// registered numbers the TLS settings that the driver was given.
var registered atomic.Uint64

// verifyFully adds a check to sslmode=verify-full. The driver takes TLS
// settings only by a name in a registry of its own, in place of a mode; it
// sets the authorities and the server's name in them as it does for
// verify-full, and reads them at each connection, so that they stay there.
func verifyFully(q url.Values, verify func(tls.ConnectionState) error) error {
	name := "guichet-" + strconv.FormatUint(registered.Add(1), 10)
	if err := pq.RegisterTLSConfig(name, &tls.Config{MinVersion: tls.VersionTLS12, VerifyConnection: verify}); err != nil {
		return errors.New("database URL: TLS settings not taken")
	}
	q.Set("sslmode", "pqgo-"+name)
	q.Set("sslsni", "1") // without it the driver leaves the name out, and nothing connects
	if q.Get("sslrootcert") == "system" {
		q.Del("sslrootcert") // the driver wants the mode's own name beside it; the system's are the default
	}
	return nil
}
