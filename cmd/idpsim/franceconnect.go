package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth/mischief"
	"guichet/configs"
)

const (
	minNonce = 22 // FranceConnect's own check; its documentation asks for 32
	france   = "99100"
)

// franceConnect answers as the published FranceConnect v2 does: as FranceConnect+
// to a client that publishes keys, and else as plain FranceConnect.
type franceConnect struct{}

func (franceConnect) profile() profile {
	return profile{
		name: "franceconnect", label: "FranceConnect", discoveryPath: "/.well-known/openid-configuration",
		algorithm: jose.ES256, endSessionPath: "/session/end", tokenLife: time.Minute,
		scopes: []string{
			"openid", "profile", "birth", "identite_pivot", "gender", "birthdate", "birthplace", "birthcountry",
			"given_name", "family_name", "preferred_username", "email",
			"rnipp_identite_pivot", "rnipp_given_name", "rnipp_family_name", "rnipp_birthdate", "rnipp_gender", "rnipp_birthplace", "rnipp_birthcountry",
		},
		parameters: []string{
			"client_id", "acr_values", "claims", "response_type", "nonce", "state", "redirect_uri", "scope", "prompt", "idp_hint", "ui_locales",
		},
		namesItself: true, signsUserinfo: true, ways: mischief.KnowsPatients | mischief.SignsUserinfo,
	}
}

// check refuses every parameter it does not know, PKCE's among them.
func (f franceConnect) check(q url.Values, c *client) error {
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
	if known := levelsFor(c); !slices.Contains(known, f.level(q, c)) {
		return &callbackError{"invalid_acr", "acr_value is not valid, should be equal one of these values, expected " + strings.Join(known, ",")}
	}
	if !c.isPlus() && strings.Contains(q.Get("scope"), "rnipp_") {
		return &callbackError{"invalid_scope", "requested scope is not allowed"}
	}
	if q.Has("claims") && q.Get("claims") != amrClaims {
		return &callbackError{"invalid_request", "claims are not those that were authorised"}
	}
	return nil
}

// amrClaims is the one claims parameter that is of use to anybody.
const amrClaims = `{"id_token":{"amr":{"essential":true}}}`

// levelsFor are the levels that a client may ask for, the lowest first.
func levelsFor(c *client) []string {
	if c.isPlus() {
		return []string{"eidas2", "eidas3"}
	}
	return []string{"eidas1"}
}

// level is the lowest of those that were asked for.
func (franceConnect) level(q url.Values, c *client) string {
	asked := strings.Fields(q.Get("acr_values"))
	for _, known := range levelsFor(c) {
		if slices.Contains(asked, known) {
			return known
		}
	}
	return ""
}

// subject is of the form, but not of the making, of FranceConnect's: the same
// at every sign-in, another for another client.
func (franceConnect) subject(p configs.IDPPerson, clientID string) string {
	sum := sha256.Sum256([]byte(clientID + "\x00" + p.Login))
	return hex.EncodeToString(sum[:]) + "v1"
}

func (franceConnect) describe(id claims, g grant, _ string) {
	if g.tellsMethods {
		id["amr"] = []string{"pwd", "mfa"}
	}
}

func (franceConnect) userinfo(p configs.IDPPerson, scopes []string) claims {
	birthplace := p.Birthplace
	if p.Country != france {
		birthplace = "" // born abroad: the country alone says where
	}
	all := claims{
		"given_name": p.Given, "given_name_array": strings.Fields(p.Given), "family_name": p.Family,
		"birthdate": p.Birthdate, "gender": p.Gender, "birthplace": birthplace, "birthcountry": p.Country,
		"email": p.Login + "@courriel.test",
	}
	for _, name := range []string{"given_name", "family_name", "birthdate", "gender", "birthplace", "birthcountry"} {
		all["rnipp_"+name] = all[name] // here the civil register agrees with everybody
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
	case "rnipp_identite_pivot":
		return []string{"rnipp_given_name", "rnipp_family_name", "rnipp_birthdate", "rnipp_gender", "rnipp_birthplace", "rnipp_birthcountry"}
	case "given_name":
		return []string{"given_name", "given_name_array"}
	}
	return []string{scope}
}
