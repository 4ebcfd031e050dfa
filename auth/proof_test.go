package auth_test

import (
	"testing"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/fault"
)

// TestProve: what a token proved at sign-in, it proves later to whoever looks.
func TestProve(t *testing.T) {
	for _, name := range []string{auth.FranceConnect, auth.ProSanteConnect} {
		t.Run(name, func(t *testing.T) {
			s := authtest.New(t, name)
			p := newProvider(t, s.Options())
			login, err := newBrowser(t, nil).signIn(s, p)
			if err != nil {
				t.Fatal(err)
			}
			proof, err := p.Prove(t.Context(), login.IDToken)
			if err != nil || *proof != login.Token || proof.Subject != s.Subject() || proof.Nonce == "" {
				t.Errorf("got %+v, %v, want what the sign-in said: %+v", proof, err, login.Token)
			}
			altered := login.IDToken[:len(login.IDToken)-8] + "AAAAAAAA"
			if _, err := p.Prove(t.Context(), altered); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("altered: got %v, want a refusal", err)
			}
			other := s.Options()
			other.ClientID = "another-service"
			if _, err := newProvider(t, other).Prove(t.Context(), login.IDToken); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("for us, shown to another: got %v, want a refusal", err)
			}
			stranger := authtest.New(t, name)
			stranger.Rotate(t)
			impostor := stranger.Options()
			impostor.Issuer = s.Issuer()
			if _, err := newProvider(t, impostor).Prove(t.Context(), login.IDToken); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("by another's keys: got %v, want a refusal", err)
			}
		})
	}
}

// TestProveWithoutKeys: a provider that is away proves nothing and refutes
// nothing.
func TestProveWithoutKeys(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	p := newProvider(t, s.Options())
	login, err := newBrowser(t, nil).signIn(s, p)
	if err != nil {
		t.Fatal(err)
	}
	away := s.Options()
	away.JWKSURL = "https://127.0.0.1:1/jwks"
	if _, err := newProvider(t, away).Prove(t.Context(), login.IDToken); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want it to be unavailable", err)
	}
}
