package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestLegitimateRequestsPass(t *testing.T) {
	h := open(t, echo)
	form := func(pairs ...string) string {
		values := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			values.Add(pairs[i], pairs[i+1])
		}
		return values.Encode()
	}
	for _, c := range []struct{ name, method, target, body string }{
		{"landing", "GET", "/", ""},
		{"reports", "GET", "/reports", ""},
		{"report", "GET", "/reports/0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10", ""},
		{"original", "GET", "/reports/0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10/original.pdf", ""},
		{"report as PDF", "HEAD", "/reports/0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10/report.pdf", ""},
		{"trend", "GET", "/trends/2345-7?from=2024-01-01&to=2026-11-21", ""},
		{"access log", "GET", "/access-log?page=2", ""},
		{"access log, filtered", "GET", "/access-log?who=others&act=read&period=6m&before=1234", ""},
		{"access log as a table", "GET", "/access-log.csv?who=others&act=office&period=1y", ""},
		{"access log as PDF", "GET", "/access-log.pdf", ""},
		{"proof", "GET", "/access-log/1234/proof", ""},
		{"file of a proof", "GET", "/access-log/1234/proof.tlog-proof", ""},
		{"report of an access", "POST", "/access-log/1234/report", ""},
		{"key of traces", "GET", "/legal/traces.pub", ""},
		{"checkpoint", "GET", "/legal/checkpoint", ""},
		{"style sheet", "GET", "/static/guichet-4f9d2c1a.css", ""},
		{"font", "GET", "/static/marianne-regular-0a1b2c3d.woff2", ""},
		{"script", "GET", "/static/guichet-4f9d2c1a.js", ""},
		{"icon", "GET", "/favicon.ico", ""},
		{"FranceConnect callback", "GET", "/callback/franceconnect?" + form("code", "b3Nzb24tY29kZS0wMTIzNDU2Nzg5YWJjZGVm", "state", "q9Zk3dJx1Tt5oP0vWc7sYb2nLm4uRhEgAaFfKkIiXwU", "iss", "https://fcp-low.sbx.dev-franceconnect.fr/api/v2"), ""},
		{"callback of the demo", "GET", "/callback/franceconnect?" + form("code", "b3Nzb24tY29kZQ", "state", "q9Zk3dJx1Tt5oP0vWc7sYb2nLm4uRhEgAaFfKkIiXwU", "iss", "https://localhost:8448/franceconnect"), ""},
		{"PSC callback", "GET", "/callback/psc?" + form("state", "q9Zk3dJx1Tt5oP0vWc7sYb2nLm4uRhEgAaFfKkIiXwU", "session_state", "a1b2c3d4-e5f6-4711-8899-aabbccddeeff", "iss", "https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet", "code", "5e1f2a3b-1111-4222-8333-444455556666.a1b2c3d4-e5f6-4711-8899-aabbccddeeff.77777777-8888-4999-aaaa-bbbbbbbbbbbb"), ""},
		{"refused sign-in", "GET", "/callback/franceconnect?" + form("error", "access_denied", "error_description", "User auth aborted", "state", "q9Zk3dJx1Tt5oP0vWc7sYb2nLm4uRhEgAaFfKkIiXwU"), ""},
		{"logout", "POST", "/logout", form("csrf", "Zm9vYmFyYmF6cXV4")},
		{"activation code", "POST", "/activate", form("code", "7ZQ4-0K9X-M2PD-SELE-CT1R-UN10-N5VB")},
		{"logout without a body", "POST", "/logout", ""},
		{"apostrophe and accents", "POST", "/patients", form("nom", "D’Août-L'Haÿ", "prenom", "Zoë Anaïs", "naissance", "01/02/1980", "lieu", "L'Haÿ-les-Roses")},
		{"particles", "POST", "/patients", form("nom", "de La Tour d'Auvergne", "prenom", "Marie-Noëlle", "commune", "Saint-Rémy-lès-Chevreuse")},
		{"Irish name", "GET", "/patients?nom=" + url.QueryEscape("O'Brien") + "&prenom=Siobh%C3%A1n", ""},
		{"ligature", "POST", "/patients", form("nom", "Cœur-Œuvrard", "prenom", "Lætitia")},
		{"a sentence", "POST", "/contact", form("message", "Bonjour, je ne comprends pas l'analyse d'hier : est-ce normal ? Merci d'avance. Où puis-je trouver l'ordonnance & les résultats (bilan n° 3) ?")},
		{"a reason", "POST", "/emergency", form("motif", "Urgence vitale : patient inconscient, l'équipe du SAMU attend les résultats d'hémostase.")},
		{"mail address", "POST", "/account", form("mail", "zoe.d-aout+resultats@exemple.fr", "telephone", "+33 6 12 34 56 78")},
		{"LOINC and units", "GET", "/trends/718-7?unite=" + url.QueryEscape("g/dL") + "&borne=" + url.QueryEscape("<= 12,5"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, http2 := range []bool{true, false} {
				r := request(t, c.method, c.target, c.body)
				r.Header.Set("Cookie", "__Host-session=Qk3dJx1Tt5oP0vWc7sYb2nLm4uRhEgAaFfKkIiXwU_-; __Host-flow=MTczMjE5MzQ1NnxEWDhFQVFMX2dBQUJFQUVRQUFCRV80QUFBUT09fA==; lang=fr")
				response, _ := h.send(h.browser(http2), r)
				if response.StatusCode != http.StatusOK {
					t.Errorf("HTTP/2 %v: status %d\n%s", http2, response.StatusCode, lastLine(h.log.String()))
				}
			}
		})
	}
}

func lastLine(log string) string {
	all := strings.Split(strings.TrimSpace(log), "\n")
	return all[len(all)-1]
}
