package authtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth"
)

// isClient reports whether the relying party has authenticated in the one way
// that was agreed, and in no other.
func (s *Server) isClient(r *http.Request) bool {
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	basicID, basicSecret, basic := r.BasicAuth()
	assertion := r.PostFormValue("client_assertion")
	switch s.ClientAuth {
	case auth.ClientSecretBasic:
		unescapedID, err1 := url.QueryUnescape(basicID)
		unescapedSecret, err2 := url.QueryUnescape(basicSecret)
		return basic && err1 == nil && err2 == nil && unescapedID == ClientID && unescapedSecret == ClientSecret && secret == "" && assertion == ""
	case auth.PrivateKeyJWT:
		return !basic && secret == "" && s.isAssertion(r.PostFormValue("client_assertion_type"), assertion)
	case auth.TLSClientAuth:
		return !basic && secret == "" && assertion == "" && id == ClientID && s.Certificate != nil &&
			len(r.TLS.PeerCertificates) > 0 && r.TLS.PeerCertificates[0].Equal(s.Certificate)
	}
	return !basic && id == ClientID && secret == ClientSecret && assertion == ""
}

// isAssertion checks what RFC 7523 section 3 asks for.
func (s *Server) isAssertion(kind, assertion string) bool {
	jws, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return false
	}
	key := s.published("sig")
	payload, err := jws.Verify(key)
	if err != nil || jws.Signatures[0].Protected.KeyID != key.KeyID {
		return false
	}
	var c struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		ID       string `json:"jti"`
		Issued   int64  `json:"iat"`
		Expiry   int64  `json:"exp"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return false
	}
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	once := !s.assertions[c.ID]
	s.assertions[c.ID] = true
	return once && len(c.ID) >= 22 && c.Issuer == ClientID && c.Subject == ClientID && c.Audience == s.http.URL+"/token" &&
		c.Issued <= now.Unix() && c.Expiry > now.Unix() && c.Expiry <= now.Add(2*time.Minute).Unix()
}
