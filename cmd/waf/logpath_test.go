package main

import "testing"

func TestLoggedPath(t *testing.T) {
	const id = "0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10"
	for path, want := range map[string]string{
		"/":                                "/",
		"/logout":                          "/logout",
		"/activate":                        "/activate",
		"/activated":                       "/activated",
		"/session-ended":                   "/session-ended",
		"/reports":                         "/reports",
		"/access-log":                      "/access-log",
		"/reports/" + id:                   "/reports/" + id,
		"/reports/" + id + "/original.pdf": "/reports/" + id + "/original.pdf",
		"/login/patients":                  "/login/…",
		"/callback/patients":               "/callback/…",
		"/static/canary.css":               "/static/…",
		"/login/canary":                    "/login/…",
		"":                                 "other",
		"*":                                "other",
		"/canary":                          "other",
		"/reports/":                        "other",
		"/reports/canary":                  "other",
		"/reports/canary/original.pdf":     "other",
		"/reports/" + id + "/canary":       "other",
		"/reports/" + id + "/":             "other",
		"/reports/" + id + "canary":        "other",
		"/reports/{" + id + "}":            "other",
		"/reports/urn:uuid:" + id:          "other",
		"/reports/canary/" + id:            "other",
		"/reports/canarycanarycanary-canarycanarycana": "other",
		"/reports//original.pdf":                       "other",
		"/Reports":                                     "other",
		"/access-log/12/proof":                         "/access-log/12/proof",
		"/access-log/12/proof.tlog-proof":              "/access-log/12/proof.tlog-proof",
		"/access-log/12/report":                        "/access-log/12/report",
		"/legal/traces.pub":                            "/legal/traces.pub",
		"/legal/checkpoint":                            "/legal/checkpoint",
		"/access-log/canary":                           "other",
		"/access-log/canary/proof":                     "other",
		"/access-log/12/canary":                        "other",
		"/access-log/012/proof":                        "other",
		"/access-log/12/proof/canary":                  "other",
		"/logincanary":                                 "other",
		"//login/canary":                               "other",
	} {
		if got := loggedPath(path); got != want {
			t.Errorf("%q is logged as %q, want %q", path, got, want)
		}
	}
}
