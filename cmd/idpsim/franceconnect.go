package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/configs"
)

const (
	minNonce = 22 // FranceConnect's own check; its documentation asks for 32
	france   = "99100"
)

// franceConnect answers as the published FranceConnect v2 does.
type franceConnect struct{}

func (franceConnect) profile() profile {
	return profile{
		name: "franceconnect", label: "FranceConnect",
		algorithm: jose.ES256, endSessionPath: "/session/end", tokenLife: time.Minute,
		scopes: []string{
			"openid", "profile", "birth", "identite_pivot", "gender", "birthdate", "birthplace", "birthcountry",
			"given_name", "family_name", "preferred_username",
		},
		parameters: []string{
			"client_id", "acr_values", "claims", "response_type", "nonce", "state", "redirect_uri", "scope", "prompt", "idp_hint", "ui_locales",
		},
		namesItself: true, signsUserinfo: true,
	}
}

func (franceConnect) newKey() (any, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// check refuses every parameter it does not know, PKCE's among them.
func (f franceConnect) check(q url.Values) error {
	accepted := f.profile().parameters
	for name := range q {
		if !slices.Contains(accepted, name) {
			return &pageError{"Y030007", "un paramètre de la demande n’est pas accepté"}
		}
	}
	prompt := strings.Fields(q.Get("prompt"))
	unknownPrompt := slices.ContainsFunc(prompt, func(p string) bool { return p != "login" && p != "consent" })
	if q.Get("response_type") != "code" || q.Get("state") == "" || len(q.Get("nonce")) < minNonce || q.Get("acr_values") == "" || unknownPrompt {
		return &pageError{"Y030007", "un paramètre de la demande manque ou n’est pas valide"}
	}
	if q.Get("acr_values") != "eidas1" {
		return &callbackError{"invalid_acr", "acr_value is not valid, should be equal one of these values, expected eidas1"}
	}
	return nil
}

// subject is of the form, but not of the making, of FranceConnect's: the same
// at every sign-in, another for another client.
func (franceConnect) subject(p configs.IDPPerson, clientID string) string {
	sum := sha256.Sum256([]byte(clientID + "\x00" + p.Login))
	return hex.EncodeToString(sum[:]) + "v1"
}

func (franceConnect) describe(claims, grant, string) {}

func (franceConnect) userinfo(p configs.IDPPerson, scopes []string) claims {
	birthplace := p.Birthplace
	if p.Country != france {
		birthplace = "" // born abroad: the country alone says where
	}
	all := claims{
		"given_name": p.Given, "given_name_array": strings.Fields(p.Given), "family_name": p.Family,
		"birthdate": p.Birthdate, "gender": p.Gender, "birthplace": birthplace, "birthcountry": p.Country,
	}
	if p.Usual != "" {
		all["preferred_username"] = p.Usual
	}
	allowed := claims{}
	for _, scope := range scopes {
		for _, name := range claimsOf(scope) {
			if value, ok := all[name]; ok {
				allowed[name] = value
			}
		}
	}
	return allowed
}

// claimsOf returns the claims that a scope gives.
func claimsOf(scope string) []string {
	switch scope {
	case "profile":
		return []string{"given_name", "given_name_array", "family_name", "birthdate", "gender", "preferred_username"}
	case "birth":
		return []string{"birthplace", "birthcountry"}
	case "identite_pivot":
		return []string{"given_name", "given_name_array", "family_name", "birthdate", "gender", "birthplace", "birthcountry"}
	case "given_name":
		return []string{"given_name", "given_name_array"}
	}
	return []string{scope}
}
