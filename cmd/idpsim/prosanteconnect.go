package main

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"guichet/auth/mischief"
	"guichet/configs"
)

// proSanteConnect answers as the Keycloak behind Pro Santé Connect does.
type proSanteConnect struct{}

func (proSanteConnect) profile() profile {
	return profile{
		name: "psc", label: "Pro Santé Connect", discoveryPath: "/.well-known/wallet-openid-configuration",
		algorithm: jose.RS256, endSessionPath: "/logout", tokenLife: 2 * time.Minute,
		scopes: []string{"openid", "scope_all"},
		parameters: []string{
			"client_id", "acr_values", "response_type", "nonce", "state", "redirect_uri", "scope", "prompt", "code_challenge", "code_challenge_method",
		},
		takesBasic: true, ways: mischief.KnowsProfessionals,
	}
}

// check lets unknown parameters pass, and wants the level and a sound PKCE.
func (proSanteConnect) check(q url.Values, _ *client) error {
	switch {
	case q.Get("response_type") != "code":
		return &callbackError{"unsupported_response_type", "only the code flow is supported"}
	case q.Get("state") == "":
		return &callbackError{"invalid_request", "state is missing"}
	case q.Get("acr_values") != "eidas1":
		return &callbackError{"invalid_request", "acr_values must be eidas1"}
	case q.Has("code_challenge") != q.Has("code_challenge_method"),
		q.Has("code_challenge") && (q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43):
		return &callbackError{"invalid_request", "PKCE is malformed"}
	case slices.Contains(strings.Fields(q.Get("prompt")), "none"):
		return &callbackError{"login_required", "nobody is signed in"}
	}
	return nil
}

func (proSanteConnect) level(url.Values, *client) string { return "eidas1" }

// specialities are those of the professions that have one here.
var specialities = map[string][2]string{"10": {"S", "SM54"}}

// subject is a bare UUID, as the real one is today.
func (proSanteConnect) subject(p configs.IDPPerson, _ string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("psc:"+p.Login)).String()
}

func (proSanteConnect) describe(id claims, g grant, accessToken string) {
	hash := sha256.Sum256([]byte(accessToken))
	id["at_hash"] = base64.RawURLEncoding.EncodeToString(hash[:len(hash)/2])
	id["azp"] = g.clientID
	id["authMode"] = "CARD"
}

func (proSanteConnect) userinfo(p configs.IDPPerson, scopes []string) claims {
	if !slices.Contains(scopes, "scope_all") {
		return claims{}
	}
	national := "8" + p.RPPS
	usual := p.Usual
	if usual == "" {
		usual = p.Family
	}
	return claims{
		"SubjectNameID": national, "preferred_username": national,
		"given_name": p.Given, "family_name": p.Family,
		"Secteur_Activite":    "SA07^1.2.250.1.71.4.2.4",
		"SubjectOrganization": p.Structure, "SubjectOrganizationID": "",
		"Mode_Acces_Raison": "", "UITVersion": "1.0", "Acces_Regulation_Medicale": "FAUX",
		"Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1", "PSI_Locale": "1.2.250.1.213.1.3.1.1", "authMode": "CARD",
		"SubjectRole": []string{p.Profession + "^1.2.250.1.213.1.1.5.5"},
		"otherIds":    []claims{{"identifiant": national, "origine": "RPPS", "qualite": 1}},
		"SubjectRefPro": claims{
			"codeCivilite": "",
			"exercices": []claims{{
				"codeProfession": p.Profession, "codeCategorieProfessionnelle": "C", "codeCiviliteDexercice": "",
				"nomDexercice": usual, "prenomDexercice": p.Given, "codeTypeSavoirFaire": specialities[p.Profession][0], "codeSavoirFaire": specialities[p.Profession][1],
				"activities": []claims{{
					"codeModeExercice": "L", "codeSecteurDactivite": "SA07", "codeSectionPharmacien": "", "codeRole": "",
					"codeGenreActivite": "GENR01", "numeroSiretSite": "", "numeroSirenSite": "", "numeroFinessSite": "",
					"numeroFinessetablissementJuridique": "", "identifiantTechniqueDeLaStructure": "", "raisonSocialeSite": p.Structure,
					"ancienIdentifiantDeLaStructure": "", "autoriteDenregistrement": "",
				}},
			}},
		},
	}
}
