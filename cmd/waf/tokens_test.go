package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// TestRandomTokensPass: what looks like an attack in one token of some thousand
// would shut one person out, who could do nothing about it. Session cookies,
// states, nonces and codes are random, so they are tried by the thousand.
func TestRandomTokensPass(t *testing.T) {
	judge, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	count := 100
	if os.Getenv("GUICHET_FULL") != "" {
		count = 10000
	}
	source := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(source.Uint32())
		}
		return b
	}
	refused := 0
	for range count {
		state, code := base64.RawURLEncoding.EncodeToString(random(32)), base64.RawURLEncoding.EncodeToString(random(32))
		session := base64.RawURLEncoding.EncodeToString(random(32))
		flow := base64.URLEncoding.EncodeToString(append([]byte("1732189345|"), random(120)...))
		id := uuid.Must(uuid.FromBytes(random(16)))
		target := fmt.Sprintf("/callback/franceconnect?code=%s&state=%s&iss=%s", code, state, url.QueryEscape("https://auth.franceconnect.gouv.fr/api/v2"))
		if source.IntN(2) == 0 {
			target = fmt.Sprintf("/callback/psc?code=%s.%s.%s&session_state=%s&state=%s", id, id, id, id, state)
		}
		r := request(t, "GET", target, "")
		r.RequestURI = target
		r.Header.Set("Cookie", "__Host-session="+session+"; __Host-flow="+flow)
		got, err := judge.inspect(r, netip.MustParseAddr("192.0.2.1"), noBody)
		if err != nil {
			t.Fatal(err)
		}
		if got.refused {
			refused++
			t.Errorf("refused by %v: %s %s", got.rules, target, r.Header.Get("Cookie"))
		}
	}
	// Known to look like SQL: these alone would be enough.
	for _, r := range []*http.Request{
		withCookie(request(t, "GET", "/", ""), "__Host-session=6--U2qz0XL2jj01RyL5CaeTyfrvSKGFw0ROHV-7VAiY"),
		withCookie(request(t, "GET", "/", ""), "__Host-session-8443=6--U2qz0XL2jj01RyL5CaeTyfrvSKGFw0ROHV-7VAiY"),
		request(t, "GET", "/callback/psc?state=1-eCRcQ2w39ExQ2cVgFlTHJdTg2xEjsjja02rqhu--Q&code=3--msqF97CTWVjZKrEPfif6yypY", ""),
	} {
		r.RequestURI = r.URL.RequestURI()
		if got, err := judge.inspect(r, netip.MustParseAddr("192.0.2.1"), noBody); err != nil || got.refused {
			t.Errorf("%s: %+v, %v", r.RequestURI, got, err)
		}
	}
	t.Logf("%d requests with random tokens, %d refused", count, refused)
}

func noBody() ([]byte, error) { return nil, nil }

func withCookie(r *http.Request, cookie string) *http.Request {
	r.Header.Set("Cookie", cookie)
	return r
}

// TestTokensAreLeftAloneOnlyAsTokens: what the exclusion lets go has nothing
// but a token's alphabet; anything else in its place is refused as elsewhere.
func TestTokensAreLeftAloneOnlyAsTokens(t *testing.T) {
	judge, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	for _, attack := range []string{"1' OR '1'='1", "6--U2qz' UNION SELECT 1 -- ", "x') OR 1=1 --", "1 AND pg_sleep(5)", "<script>alert(1)</script>"} {
		for _, r := range []*http.Request{
			withCookie(request(t, "GET", "/", ""), "__Host-session="+url.QueryEscape(attack)),
			request(t, "GET", "/callback/psc?code="+url.QueryEscape(attack), ""),
			request(t, "GET", "/callback/psc?state="+url.QueryEscape(attack), ""),
			request(t, "GET", "/callback/psc?state=abc&state="+url.QueryEscape(attack), ""),
			request(t, "GET", "/callback/psc?session_state="+url.QueryEscape(attack), ""),
			request(t, "GET", "/callback/psc?codes="+url.QueryEscape(attack), ""),
		} {
			r.RequestURI = r.URL.RequestURI()
			if got, err := judge.inspect(r, netip.MustParseAddr("192.0.2.1"), noBody); err != nil || !got.refused {
				t.Errorf("%s, %s passed", r.RequestURI, r.Header.Get("Cookie"))
			}
		}
	}
}

// TestTokensAreJudgedAtOnce runs under the race detector: the exclusion changes
// what one rule looks at, for one request only.
func TestTokensAreJudgedAtOnce(t *testing.T) {
	judge, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 20 {
				token, refuse := "6--U2qz0XL2jj01RyL5CaeTyfrvSKGFw0ROHV-7VAiY", i%2 == 1
				if refuse {
					token = "1%27%20OR%20%271%27=%271"
				}
				r := withCookie(request(t, "GET", "/", ""), "__Host-session="+token+"; __Host-flow=abc; lang=fr")
				r.RequestURI = "/"
				if got, err := judge.inspect(r, netip.MustParseAddr("192.0.2.1"), noBody); err != nil || got.refused != refuse {
					t.Errorf("%s: refused %v, want %v", token, got.refused, refuse)
				}
			}
		})
	}
	group.Wait()
}
