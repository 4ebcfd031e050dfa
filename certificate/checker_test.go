package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"guichet/configs"
)

// causeOf returns why a side refused, "" where it did not. Every refusal is of
// the one kind that crypto/tls gives.
func causeOf(t *testing.T, err error) Cause {
	t.Helper()
	if err == nil {
		return ""
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("refused with %T: %v", err, err)
	}
	refused, ok := errors.AsType[*Refused](err)
	if !ok {
		return "tls"
	}
	return refused.Cause
}

// meet shows a certificate to the checker over TLS, as a server's or as a
// client's, and returns why it was refused.
func (b *bench) meet(t *testing.T, shown tls.Certificate, roots *x509.CertPool, asClient bool) Cause {
	t.Helper()
	if !asClient {
		_, err := handshake(t, &tls.Config{Certificates: []tls.Certificate{shown}}, b.Wrap(&tls.Config{RootCAs: roots, ServerName: "localhost", Time: b.clock.now}))
		return causeOf(t, err)
	}
	host := newCA(t, "host", nil)
	inner := &tls.Config{Certificates: []tls.Certificate{host.issue()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, Time: b.clock.now}
	outer := inner.Clone()
	// Listeners choose a configuration at each handshake; see configs.ServerTLS.
	outer.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return inner, nil }
	// Shown whether the server says it knows the authority or not.
	show := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil }
	atServer, atClient := handshake(t, b.Wrap(outer), &tls.Config{RootCAs: host.pool(), ServerName: "localhost", GetClientCertificate: show})
	if (atServer == nil) != (atClient == nil) {
		t.Errorf("the sides disagree: %v, %v", atServer, atClient)
	}
	return causeOf(t, atServer)
}

func points(addresses ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.CRLDistributionPoints = addresses }
}

func responders(addresses ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.OCSPServer = addresses }
}

// nothing is what a certificate may go without by RFC 9608.
func nothing(life time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(life-time.Hour)
		c.ExtraExtensions = append(c.ExtraExtensions, extension(oidNoRevAvail, false, asn1.NullRawValue))
	}
}

func scope(d any, critical bool) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.ExtraExtensions = append(l.ExtraExtensions, extension(oidDistributionPoint, critical, d))
	}
}

func partition(address string) distribution {
	return distribution{Point: distributionName{FullName: []asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(address)}}}}
}

func between(from, until time.Duration) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = time.Now().Add(from), time.Now().Add(until)
	}
}

// TestLists: a certificate is accepted only with a list that is its issuer's,
// about it, and of now; in both directions, from files and from the network
// (AA3.b).
func TestLists(t *testing.T) {
	type situation struct {
		ca      *ca
		shown   tls.Certificate
		address string
	}
	grace := 24 * time.Hour
	for _, c := range []struct {
		name string
		list func(situation) []byte
		want Cause
		file string // says what NewChecker refuses, where it does
	}{
		{"not on the list", func(s situation) []byte { return s.ca.list(nil) }, "", ""},
		{"another certificate is on the list", func(s situation) []byte { return s.ca.list(nil, s.ca.issue().Leaf) }, "", ""},
		{"on the list", func(s situation) []byte { return s.ca.list(nil, s.shown.Leaf) }, Revoked, ""},
		{"on hold", func(s situation) []byte {
			return s.ca.list(func(l *x509.RevocationList) {
				l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: s.shown.Leaf.SerialNumber, RevocationTime: time.Now(), ReasonCode: 6}}
			})
		}, Revoked, ""},
		{"the list is overdue, within grace", func(s situation) []byte { return s.ca.list(between(-day, -grace+time.Minute)) }, "", ""},
		{"the list has run out", func(s situation) []byte { return s.ca.list(between(-3*day, -grace-time.Minute)) }, Unknown, ""},
		{"revoked by a list that has run out", func(s situation) []byte { return s.ca.list(between(-3*day, -2*day), s.shown.Leaf) }, Revoked, ""},
		{"the list is of the future", func(s situation) []byte { return s.ca.list(between(time.Hour, day)) }, Unknown, ""},
		{"forged: another authority of the same name", func(s situation) []byte { return newCA(t, "authority", nil).list(nil) }, Unknown, ""},
		{"another authority's", func(s situation) []byte { return newCA(t, "other", nil).list(nil) }, Unknown, ""},
		{"of another name of the same key", func(s situation) []byte {
			other := newCA(t, "other", nil)
			other.key = s.ca.key
			other.cert.PublicKey = s.ca.cert.PublicKey
			return other.list(nil)
		}, Unknown, ""},
		{"one bit turned", func(s situation) []byte { der := s.ca.list(nil); der[len(der)-1] ^= 1; return der }, Unknown, ""},
		{"only about authorities", func(s situation) []byte { return s.ca.list(scope(distribution{OnlyCAs: true}, true)) }, Unknown, ""},
		{"only about systems", func(s situation) []byte { return s.ca.list(scope(distribution{OnlyUsers: true}, true)) }, "", ""},
		{"the part of the list that the certificate names", func(s situation) []byte { return s.ca.list(scope(partition(s.address), true)) }, "", ""},
		{"another part of the list", func(s situation) []byte { return s.ca.list(scope(partition("http://elsewhere.example/"), true)) }, Unknown, ""},
		{"indirect", func(s situation) []byte { return s.ca.list(scope(distribution{Indirect: true}, true)) }, Unknown, "indirect"},
		{"about some reasons", func(s situation) []byte {
			return s.ca.list(scope(distribution{OnlyReasons: asn1.BitString{Bytes: []byte{0x40}, BitLength: 2}}, true))
		}, Unknown, "indirect or partial"},
		{"of attributes", func(s situation) []byte { return s.ca.list(scope(distribution{OnlyAttributes: true}, true)) }, Unknown, "partial"},
		{"of a malformed scope", func(s situation) []byte { return s.ca.list(scope([]byte{1, 2, 3}, true)) }, Unknown, "malformed"},
		{"changes only", func(s situation) []byte {
			return s.ca.list(func(l *x509.RevocationList) {
				l.ExtraExtensions = []pkix.Extension{extension(oidDeltaIndicator, true, 1)}
			})
		}, Unknown, "delta"},
		{"an unknown critical extension", func(s situation) []byte {
			return s.ca.list(func(l *x509.RevocationList) {
				l.ExtraExtensions = []pkix.Extension{extension(asn1.ObjectIdentifier{1, 2, 3}, true, 1)}
			})
		}, Unknown, "critical extension"},
		{"an unknown critical extension of an entry", func(s situation) []byte {
			return s.ca.list(func(l *x509.RevocationList) {
				l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: s.ca.cert.SerialNumber, RevocationTime: time.Now(),
					ExtraExtensions: []pkix.Extension{extension(asn1.ObjectIdentifier{1, 2, 3}, true, 1)}}}
			})
		}, Unknown, "critical extension"},
		{"garbage", func(situation) []byte { return []byte("<html>not found</html>") }, Unknown, "not a revocation list"},
		{"empty", func(situation) []byte { return nil }, Unknown, "not a revocation list"},
	} {
		for _, direction := range []string{"server", "client"} {
			t.Run(c.name+", "+direction, func(t *testing.T) {
				w := newWeb(t)
				authority := newCA(t, "authority", nil)
				s := situation{ca: authority, address: w.URL, shown: authority.issue(points(w.URL))}
				der := c.list(s)
				w.send(der)

				fetching := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse, Grace: grace})
				if got := fetching.meet(t, s.shown, authority.pool(), direction == "client"); got != c.want {
					t.Errorf("fetched: refused as %q, want %q", got, c.want)
				}
				lenient := newBench(t, configs.Revocation{WhenUnknown: configs.AcceptAndAlert, Grace: grace})
				wantLenient := c.want
				if wantLenient == Unknown {
					wantLenient = ""
				}
				if got := lenient.meet(t, s.shown, authority.pool(), direction == "client"); got != wantLenient {
					t.Errorf("accept-and-alert: refused as %q, want %q", got, wantLenient)
				}
				if alerts := lenient.log.count("accepted without knowing"); (alerts == 1) != (c.want == Unknown) {
					t.Errorf("accept-and-alert: %d alerts", alerts)
				}
				asked := w.asked.Load()
				w.set(http.NotFound)
				if c.file != "" {
					settings := withLists(t, nil)
					file(t, settings.CRLFiles[0], der)
					if _, err := NewChecker("feeds", settings, fetching.options()); err == nil || !strings.Contains(err.Error(), c.file) {
						t.Errorf("from a file: the start goes on, or does not say why: %v", err)
					}
					return
				}
				settings := withLists(t, der)
				settings.Grace = grace
				if got := newBench(t, settings).meet(t, s.shown, authority.pool(), direction == "client"); got != c.want {
					t.Errorf("from a file: refused as %q, want %q", got, c.want)
				}
				if c.want != Unknown && w.asked.Load() != asked {
					t.Error("from a file: the network was asked too")
				}
			})
		}
	}
}

// TestWhereNothingIsNamed: what cannot be checked is refused, but for what the
// authority itself says lives too short to be revoked.
func TestWhereNothingIsNamed(t *testing.T) {
	authority := newCA(t, "authority", nil)
	lists := newWeb(t)
	lists.send(authority.list(nil))
	for _, c := range []struct {
		name   string
		change func(*x509.Certificate)
		want   Cause
	}{
		{"neither list nor responder", func(*x509.Certificate) {}, Unknown},
		{"short-lived, and not to be revoked", nothing(7 * day), ""},
		{"not to be revoked, and too long-lived for it", nothing(8 * day), Unknown},
		{"short-lived only", func(c *x509.Certificate) { c.NotAfter, c.NotBefore = time.Now().Add(day), time.Now().Add(-day) }, Unknown},
		{"a list of a kind that is not fetched", points("ldap://directory.example/cn=list"), Unknown},
		{"a list in a file of this machine", points("file:///etc/passwd"), Unknown},
		{"a list with a password", points(strings.Replace(lists.URL, "http://", "http://user:secret@", 1)), Unknown},
		{"a fifth list", points("http://127.0.0.1:1/", "http://127.0.0.1:1/a", "http://127.0.0.1:1/b", "http://127.0.0.1:1/c", lists.URL), Unknown},
		{"a list where clouds keep their metadata", points("http://169.254.169.254/latest/meta-data/"), Unknown},
		{"a list nowhere", points("http://127.0.0.1:1/"), Unknown},
		{"a malformed address", points("http://%zz/"), Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse})
			if got := b.meet(t, authority.issue(c.change), authority.pool(), true); got != c.want {
				t.Errorf("refused as %q, want %q", got, c.want)
			}
			if b.log.count("secret") > 0 {
				t.Error("the log holds what stood in the address")
			}
		})
	}
}

// TestWaysAListDoesNotCome: each is a list that cannot be had, and no more.
func TestWaysAListDoesNotCome(t *testing.T) {
	authority := newCA(t, "authority", nil)
	good := authority.list(nil)
	elsewhere := newWeb(t)
	elsewhere.send(good)
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
	}{
		{"not found", http.NotFound},
		{"redirected", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }},
		{"huge", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(good)
			for range maxList >> 16 {
				_, _ = w.Write(make([]byte, 1<<16))
			}
		}},
		{"broken off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(good)
		}},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWeb(t)
			w.set(c.serve)
			b := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse})
			if c.name == "slow" {
				b.wait = 50 * time.Millisecond
			}
			if got := b.meet(t, authority.issue(points(w.URL)), authority.pool(), false); got != Unknown {
				t.Errorf("refused as %q", got)
			}
			w.CloseClientConnections()
		})
	}
	if elsewhere.asked.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// TestOCSP: an answer counts that is the issuer's, or of whom it charged, about
// this very certificate, and of now.
func TestOCSP(t *testing.T) {
	responderUse := func(extra ...pkix.Extension) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtKeyUsage, c.ExtraExtensions = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, extra
		}
	}
	noCheck := extension(oidNoCheck, false, asn1.NullRawValue)
	at := func(from, until time.Duration) func(*ocsp.Response) {
		return func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = time.Now().Add(from), time.Now().Add(until) }
	}
	charged := func(authority *ca, change func(*x509.Certificate)) *tls.Certificate {
		pair := authority.issue(change)
		return &pair
	}
	for _, c := range []struct {
		name   string
		answer func(authority *ca, cert *x509.Certificate) []byte
		want   Cause
	}{
		{"good", func(a *ca, c *x509.Certificate) []byte { return a.answer(c, ocsp.Good, nil) }, ""},
		{"good, without an end", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, nil, func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = time.Now(), time.Time{} })
		}, ""},
		{"revoked", func(a *ca, c *x509.Certificate) []byte { return a.answer(c, ocsp.Revoked, nil) }, Revoked},
		{"unknown to the responder", func(a *ca, c *x509.Certificate) []byte { return a.answer(c, ocsp.Unknown, nil) }, Unknown},
		{"of one who was charged", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, charged(a, responderUse(noCheck)))
		}, ""},
		{"revoked, by one who was charged", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Revoked, charged(a, responderUse(noCheck)))
		}, Revoked},
		{"with the issuer's own certificate beside it", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, &tls.Certificate{Leaf: a.cert, PrivateKey: a.key})
		}, ""},
		{"of one whose own standing nobody tells", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, charged(a, responderUse()))
		}, Unknown},
		{"of a system that was not charged", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, charged(a, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{noCheck} }))
		}, Unknown},
		{"of one whom another authority charged", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, charged(newCA(t, "authority", nil), responderUse(noCheck)))
		}, Unknown},
		{"of one whose certificate has run out", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, charged(a, func(c *x509.Certificate) {
				responderUse(noCheck)(c)
				c.NotAfter = time.Now().Add(-time.Minute)
			}))
		}, Unknown},
		{"of another authority", func(_ *ca, c *x509.Certificate) []byte { return newCA(t, "authority", nil).answer(c, ocsp.Good, nil) }, Unknown},
		{"about another certificate", func(a *ca, _ *x509.Certificate) []byte { return a.answer(a.issue().Leaf, ocsp.Good, nil) }, Unknown},
		{"about the same number of another issuer", func(a *ca, c *x509.Certificate) []byte {
			other := newCA(t, "other", nil)
			return other.answer(c, ocsp.Good, &tls.Certificate{Leaf: a.cert, PrivateKey: a.key})
		}, Unknown},
		{"run out", func(a *ca, c *x509.Certificate) []byte { return a.answer(c, ocsp.Good, nil, at(-2*day, -day)) }, Unknown},
		{"without an end, and old", func(a *ca, c *x509.Certificate) []byte {
			return a.answer(c, ocsp.Good, nil, func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = time.Now().Add(-2*time.Hour), time.Time{} })
		}, Unknown},
		{"of the future", func(a *ca, c *x509.Certificate) []byte { return a.answer(c, ocsp.Good, nil, at(time.Hour, day)) }, Unknown},
		{"one bit turned", func(a *ca, c *x509.Certificate) []byte {
			der := a.answer(c, ocsp.Good, nil)
			der[len(der)-1] ^= 1
			return der
		}, Unknown},
		{"try later", func(*ca, *x509.Certificate) []byte { return ocsp.TryLaterErrorResponse }, Unknown},
		{"garbage", func(*ca, *x509.Certificate) []byte { return []byte("<html>") }, Unknown},
		{"huge", func(*ca, *x509.Certificate) []byte { return make([]byte, maxResponse+1) }, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWeb(t)
			authority := newCA(t, "authority", nil)
			shown := authority.issue(responders(w.URL))
			der := c.answer(authority, shown.Leaf)
			w.set(func(rw http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/ocsp-request" {
					t.Errorf("asked with %s %q", r.Method, r.Header.Get("Content-Type"))
				}
				_, _ = rw.Write(der)
			})
			for _, asClient := range []bool{false, true} {
				if got := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse}).meet(t, shown, authority.pool(), asClient); got != c.want {
					t.Errorf("asked, as client %v: refused as %q, want %q", asClient, got, c.want)
				}
			}
			if len(der) > maxResponse {
				return // TLS has no room for it
			}
			// The same answer, brought along by who names no responder.
			asked := w.asked.Load()
			bare := authority.issue(func(c *x509.Certificate) { c.SerialNumber = shown.Leaf.SerialNumber })
			bare.OCSPStaple = der
			if got := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse}).meet(t, bare, authority.pool(), false); got != c.want {
				t.Errorf("stapled: refused as %q, want %q", got, c.want)
			}
			if w.asked.Load() != asked {
				t.Error("stapled: the network was asked too")
			}
		})
	}
}

// TestAResponderIsCheckedByAList where its certificate does not say that it
// needs none.
func TestAResponderIsCheckedByAList(t *testing.T) {
	w := newWeb(t)
	authority := newCA(t, "authority", nil)
	shown := authority.issue(responders(w.URL))
	responder := authority.issue(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })
	w.send(authority.answer(shown.Leaf, ocsp.Good, &responder))
	// A part that is about systems' certificates, but not of the one shown.
	about := scope(partition("http://responders.example/"), true)
	named := authority.issue(points("http://responders.example/"), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })
	w.send(authority.answer(shown.Leaf, ocsp.Good, &named))
	if got := newBench(t, withLists(t, authority.list(about))).meet(t, shown, authority.pool(), false); got != "" {
		t.Errorf("refused as %q", got)
	}
	if got := newBench(t, withLists(t, authority.list(about, named.Leaf))).meet(t, shown, authority.pool(), false); got != Unknown {
		t.Errorf("with a revoked responder: refused as %q", got)
	}
}

// TestARevocationFromAnySourceIsFinal, whatever the others say.
func TestARevocationFromAnySourceIsFinal(t *testing.T) {
	authority := newCA(t, "authority", nil)
	shown := authority.issue()
	shown.OCSPStaple = authority.answer(shown.Leaf, ocsp.Good, nil)
	if got := newBench(t, withLists(t, authority.list(nil, shown.Leaf))).meet(t, shown, authority.pool(), false); got != Revoked {
		t.Errorf("on the list, with a good staple: refused as %q", got)
	}
	shown.OCSPStaple = authority.answer(shown.Leaf, ocsp.Revoked, nil)
	if got := newBench(t, withLists(t, authority.list(nil))).meet(t, shown, authority.pool(), false); got != Revoked {
		t.Errorf("not on the list, with a staple that says revoked: refused as %q", got)
	}
	if got := newBench(t, withLists(t, authority.list(nil), authority.list(nil, shown.Leaf))).meet(t, shown, authority.pool(), true); got != Revoked {
		t.Errorf("on the second of two lists: refused as %q", got)
	}
}

// TestOneSourceStandsInForAnother: OCSP where the list cannot be had, and the
// second list where the first cannot.
func TestOneSourceStandsInForAnother(t *testing.T) {
	down, up := newWeb(t), newWeb(t)
	down.set(http.NotFound)
	authority := newCA(t, "authority", nil)
	shown := authority.issue(points(down.URL), responders(up.URL))
	up.send(authority.answer(shown.Leaf, ocsp.Good, nil))
	if got := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse}).meet(t, shown, authority.pool(), false); got != "" {
		t.Errorf("a responder, no list: refused as %q", got)
	}
	shown = authority.issue(points(down.URL, up.URL), responders(down.URL))
	up.send(authority.list(nil))
	if got := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse}).meet(t, shown, authority.pool(), false); got != "" {
		t.Errorf("the second list: refused as %q", got)
	}
}

// TestIntermediates: each certificate below the root is checked, by its own
// issuer's list.
func TestIntermediates(t *testing.T) {
	root := newCA(t, "root", nil)
	middle := newCA(t, "middle", root)
	shown := middle.issue()
	mute := newCA(t, "mute", root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign })
	for _, c := range []struct {
		name  string
		shown tls.Certificate
		lists [][]byte
		want  Cause
	}{
		{"both lists", shown, [][]byte{root.list(nil), middle.list(nil)}, ""},
		{"intermediate revoked", shown, [][]byte{root.list(nil, middle.cert), middle.list(nil)}, Revoked},
		{"system revoked", shown, [][]byte{root.list(nil), middle.list(nil, shown.Leaf)}, Revoked},
		{"nothing about the intermediate", shown, [][]byte{middle.list(nil)}, Unknown},
		{"nothing about the system", shown, [][]byte{root.list(nil)}, Unknown},
		{"the root's list has the system's number", shown, [][]byte{root.list(nil, shown.Leaf), middle.list(nil)}, ""},
		{"an issuer that may not sign lists", mute.issue(), [][]byte{root.list(nil), mute.list(nil)}, Unknown},
	} {
		for _, asClient := range []bool{false, true} {
			if got := newBench(t, withLists(t, c.lists...)).meet(t, c.shown, root.pool(), asClient); got != c.want {
				t.Errorf("%s, as client %v: refused as %q, want %q", c.name, asClient, got, c.want)
			}
		}
	}
	// A staple speaks of the system alone.
	shown.OCSPStaple = root.answer(middle.cert, ocsp.Good, nil)
	if got := newBench(t, withLists(t, middle.list(nil))).meet(t, shown, root.pool(), false); got != Unknown {
		t.Errorf("a staple for the intermediate: refused as %q", got)
	}
}

// TestWhatTLSRefusesStaysRefused: the check comes after TLS's own, and takes
// nothing from it (AA3.a).
func TestWhatTLSRefusesStaysRefused(t *testing.T) {
	authority := newCA(t, "authority", nil)
	settings := withLists(t, authority.list(nil))
	settings.WhenUnknown = configs.AcceptAndAlert
	self := newCA(t, "self", nil, func(c *x509.Certificate) { c.DNSNames = []string{"localhost"} })
	only := func(use x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{use} }
	}
	for _, c := range []struct {
		name     string
		shown    tls.Certificate
		asClient bool
	}{
		{"expired", authority.issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), false},
		{"expired client", authority.issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), true},
		{"not yet valid", authority.issue(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), false},
		{"of another name", authority.issue(func(c *x509.Certificate) { c.DNSNames = []string{"elsewhere"} }), false},
		{"a client's shown by a server", authority.issue(only(x509.ExtKeyUsageClientAuth)), false},
		{"a server's shown by a client", authority.issue(only(x509.ExtKeyUsageServerAuth)), true},
		{"self-signed", tls.Certificate{Certificate: [][]byte{self.cert.Raw}, PrivateKey: self.key}, false},
		{"self-signed client", tls.Certificate{Certificate: [][]byte{self.cert.Raw}, PrivateKey: self.key}, true},
		{"of an authority that is not trusted", newCA(t, "authority", nil).issue(), false},
		{"of an authority that is not trusted, client", newCA(t, "authority", nil).issue(), true},
	} {
		b := newBench(t, settings)
		if got := b.meet(t, c.shown, authority.pool(), c.asClient); got != "tls" {
			t.Errorf("%s: refused as %q, want TLS itself to", c.name, got)
		}
	}
	b := newBench(t, settings)
	if err := b.Verify(tls.ConnectionState{}); err == nil {
		t.Error("a connection without a certificate is accepted")
	}
	if err := b.Verify(tls.ConnectionState{PeerCertificates: []*x509.Certificate{authority.issue().Leaf}}); err == nil {
		t.Error("a chain that TLS did not verify is accepted")
	}
}

// TestTheOwnCheckComesFirst: a check that was there already stays, and a
// handshake it refuses is not looked up anywhere.
func TestTheOwnCheckComesFirst(t *testing.T) {
	w := newWeb(t)
	w.set(http.NotFound)
	authority := newCA(t, "authority", nil)
	b := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse})
	refusal := errors.New("not this one")
	config := b.Wrap(&tls.Config{RootCAs: authority.pool(), ServerName: "localhost", VerifyConnection: func(tls.ConnectionState) error { return refusal }})
	if _, err := handshake(t, &tls.Config{Certificates: []tls.Certificate{authority.issue(points(w.URL))}}, config); !errors.Is(err, refusal) {
		t.Errorf("got %v", err)
	}
	if w.asked.Load() != 0 {
		t.Error("the list was fetched")
	}
}

// TestSeveralChains: one chain that holds is enough, as for TLS itself.
func TestSeveralChains(t *testing.T) {
	root, other := newCA(t, "root", nil), newCA(t, "other", nil)
	middle := newCA(t, "middle", root)
	crossed := &ca{t: t, key: middle.key, up: other}
	crossed.cert = sign(t, &x509.Certificate{SerialNumber: middle.cert.SerialNumber, Subject: middle.cert.Subject, SubjectKeyId: middle.cert.SubjectKeyId,
		NotBefore: middle.cert.NotBefore, NotAfter: middle.cert.NotAfter, IsCA: true, BasicConstraintsValid: true, KeyUsage: middle.cert.KeyUsage},
		other.cert, middle.key.Public(), other.key)
	shown := middle.issue()
	shown.Certificate = append(shown.Certificate, crossed.cert.Raw)
	roots := root.pool()
	roots.AddCert(other.cert)
	revoked := [][]byte{root.list(nil, middle.cert), middle.list(nil)}
	if got := newBench(t, withLists(t, append(slices.Clone(revoked), other.list(nil))...)).meet(t, shown, roots, false); got != "" {
		t.Errorf("one good chain: refused as %q", got)
	}
	for name, lists := range map[string][][]byte{"one": revoked, "the other": {other.list(nil, crossed.cert), middle.list(nil)}} {
		if got := newBench(t, withLists(t, lists...)).meet(t, shown, roots, false); got != Revoked {
			t.Errorf("%s chain revoked, nothing known of its sister: refused as %q", name, got)
		}
	}
}

// TestWeakSignatures are named one by one, since crypto/x509 lets some pass.
func TestWeakSignatures(t *testing.T) {
	for algorithm := x509.UnknownSignatureAlgorithm; algorithm <= x509.PureEd25519; algorithm++ {
		strong := slices.Contains([]x509.SignatureAlgorithm{x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.ECDSAWithSHA256,
			x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS, x509.PureEd25519}, algorithm)
		if weak(algorithm) == strong {
			t.Errorf("%v: weak %v", algorithm, weak(algorithm))
		}
	}
}

// TestAddressesThatAreNotReached, whatever name resolves to them.
func TestAddressesThatAreNotReached(t *testing.T) {
	for address, allowed := range map[string]bool{
		"192.0.2.1:80": true, "10.0.0.1:80": true, "127.0.0.1:80": true, "[2001:db8::1]:443": true,
		"169.254.169.254:80": false, "[fe80::1]:80": false, "[::ffff:169.254.169.254]:80": false, "0.0.0.0:80": false, "[::]:80": false,
		"224.0.0.1:80": false, "[ff02::1]:80": false, "nowhere": false,
	} {
		if err := refuseLinkLocal("tcp", address, nil); (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
	}
}
