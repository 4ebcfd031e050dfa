package auth_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/record"
)

func TestSignInAtFranceConnectPlus(t *testing.T) {
	for _, encryption := range []jose.KeyAlgorithm{jose.RSA_OAEP_256, jose.ECDH_ES} {
		s := authtest.NewPlus(t, encryption)
		p := newProvider(t, s.Options())
		login, err := newBrowser(t, nil).signIn(s, p)
		if err != nil {
			t.Fatal(err)
		}
		if login.ACR != "eidas2" || login.Identity.Family != "DUBOIS" || !login.Until.IsZero() {
			t.Errorf("got %+v", login)
		}
		// What is kept is the signed token within: the provider refuses the
		// other as a hint.
		if strings.Count(login.IDToken, ".") != 2 || !strings.Contains(p.EndSession(login.IDToken, "s"), login.IDToken) {
			t.Error("the token that is kept is encrypted")
		}
	}
}

// TestALevelAboveIsAccepted, as FranceConnect's documentation asks.
func TestALevelAboveIsAccepted(t *testing.T) {
	s := authtest.NewPlus(t, jose.ECDH_ES)
	o := s.Options()
	o.ACR = "eidas3"
	b := newBrowser(t, nil)
	asked := b.begin(newProvider(t, o), "/") // the provider answers with eidas3
	o.ACR = "eidas2"
	login, err := b.finish(newProvider(t, o), s.SignIn(t, asked).String())
	if err != nil || login.ACR != "eidas3" {
		t.Errorf("got %+v, %v", login, err)
	}
}

func TestMethodsOfSigningIn(t *testing.T) {
	s := authtest.NewPlus(t, jose.ECDH_ES)
	o := s.Options()
	if _, err := newBrowser(t, nil).signIn(s, newProvider(t, o)); err != nil {
		t.Fatal(err)
	}
	o.AMR = true
	login, err := newBrowser(t, nil).signIn(s, newProvider(t, o))
	if err != nil || !slices.Equal(login.AMR, []string{"pwd", "mfa"}) {
		t.Errorf("asked for: got %+v, %v", login, err)
	}
	asked := s.Asked()
	if asked[0].Has("claims") || asked[1].Get("claims") != `{"id_token":{"amr":{"essential":true}}}` {
		t.Errorf("got claims %q, then %q", asked[0].Get("claims"), asked[1].Get("claims"))
	}
	// Asked for and not told: the request was made by one that does not ask.
	b := newBrowser(t, nil)
	o.AMR = false
	callback := s.SignIn(t, b.begin(newProvider(t, o), "/")).String()
	o.AMR = true
	_, err = b.finish(newProvider(t, o), callback)
	wantRefusal(t, err, auth.ReasonACR)
}

// TestAgeOfASignIn is a setting, within the provider's own rule.
func TestAgeOfASignIn(t *testing.T) {
	for _, test := range []struct {
		provider      string
		age, setting  time.Duration
		want          auth.Reason
		sessionsUntil time.Duration // after the sign-in there
	}{
		{auth.ProSanteConnect, 4*time.Hour - time.Minute, 0, "", 4 * time.Hour},
		{auth.ProSanteConnect, 4*time.Hour + time.Minute, 0, auth.ReasonTime, 0},
		{auth.ProSanteConnect, time.Hour, 30 * time.Minute, auth.ReasonTime, 0},
		{auth.ProSanteConnect, 20 * time.Minute, 30 * time.Minute, "", 30 * time.Minute},
		{auth.FranceConnect, 31 * time.Minute, 0, auth.ReasonTime, 0},
		{auth.FranceConnect, 31 * time.Minute, time.Hour, "", 0},
	} {
		s := authtest.New(t, test.provider)
		s.SignedInBefore = test.age
		o := s.Options()
		o.MaxAuthAge = test.setting
		login, err := newBrowser(t, nil).signIn(s, newProvider(t, o))
		if test.want != "" {
			wantRefusal(t, err, test.want)
			continue
		}
		if err != nil {
			t.Errorf("%+v: refused: %v", test, err)
			continue
		}
		if got := login.Until; test.sessionsUntil == 0 != got.IsZero() || !got.IsZero() && !got.Equal(login.AuthTime.Add(test.sessionsUntil)) {
			t.Errorf("%+v: the session may last until %v after a sign-in at %v", test, got, login.AuthTime)
		}
	}
}

func TestRolesOfTheHospital(t *testing.T) {
	s := authtest.New(t, auth.ProSanteConnect)
	o := s.Options()
	o.Roles = map[string]record.Role{"60": record.RoleNurse}
	login, err := newBrowser(t, nil).signIn(s, newProvider(t, o))
	if err != nil || login.Role != record.RoleProfessional {
		t.Errorf("a physician whom the table does not name: got %+v, %v", login, err)
	}
	o.Roles = map[string]record.Role{"10": record.RolePatient}
	if _, err := auth.NewProvider(o); err == nil {
		t.Error("a profession was made a patient")
	}
}
