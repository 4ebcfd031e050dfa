package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"guichet/record"
	"guichet/web"
)

// gallery serves the pages that nobody can be led to in a test without waiting
// for hours or breaking something, so that the browser sees them all the same.
// It returns their addresses as JSON, by name.
func gallery(t *testing.T) string {
	t.Helper()
	pages, err := web.New(web.Site{Hospital: "Centre hospitalier de démonstration", SupportPhone: "01 99 00 12 34", SupportHours: "du lundi au vendredi, de 8 h à 18 h",
		SupportMail: "aide@hopital.example", AlertPhone: "01 99 00 56 78", Demonstration: true,
		Doors: []web.Door{{Provider: "franceconnect", Label: "FranceConnect+", For: web.ForPatients}, {Provider: "psc", Label: "Pro Santé Connect", For: web.ForProfessionals}}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 19, 10, 32, 36, 0, time.UTC)
	router := http.NewServeMux()
	router.Handle("/static/", pages.Static())
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	addresses := make(map[string]string)
	others := []record.Access{
		{Entry: 9, At: now.Add(-time.Hour), Event: "patient.lookup", Outcome: "granted", Who: "dumas", Role: record.RoleOperator},
		{Entry: 8, At: now.Add(-2 * time.Hour), Event: "report.read", Outcome: "granted", Who: "Dr Samir BENALI", Role: record.RolePhysician, Ground: record.GrantCare, Purpose: "suivi", Reports: 1},
		{Entry: 7, At: now.AddDate(0, 0, -1), Event: "report.read", Outcome: "granted", Who: "Dr Nora DELMAS", Role: record.RolePhysician, Ground: record.GrantEmergency, Reports: 1},
		{Entry: 6, At: now.AddDate(0, 0, -2), Event: "report.read", Outcome: "refused", Role: record.RoleNurse},
		{Entry: 5, At: now.AddDate(0, 0, -3), Event: "trace.read", Outcome: "granted", Who: "martin", Role: record.RoleOfficer},
		{Entry: 4, At: now.AddDate(0, 0, -3), Event: "patient.contact", Outcome: "granted", Who: "LABO", Role: record.RoleFeed},
	}
	for _, language := range []web.Language{web.French, web.English} {
		base := web.Base{Now: now, Reference: "G7K2-41QF", Language: language}
		rare := map[string]web.Page{
			"wait":           web.WaitPage{Base: base, Until: now.Add(32 * time.Second), Failures: 5},
			"wait-blocked":   web.WaitPage{Base: base, Until: now.Add(10 * time.Minute), Blocked: true},
			"wait-crowded":   web.WaitPage{Base: base, Until: now.Add(2 * time.Second)},
			"wait-long":      web.WaitPage{Base: base, Until: now.Add(20 * time.Hour), Failures: 20, Longest: time.Hour},
			"unavailable":    web.UnavailablePage{Base: base},
			"internal":       web.InternalPage{Base: base},
			"origin":         web.ForbiddenOriginPage{Base: base},
			"already-open":   web.AlreadyOpenPage{Base: base, Since: now.Add(-30 * time.Minute), Seen: now.Add(-3 * time.Minute)},
			"account-closed": web.AccountClosedPage{Base: base, Provider: "franceconnect", ProviderCloses: true},
			"alerted":        web.AlertedPage{Base: base},
			"greeted": web.ReportsPage{Base: web.Base{Now: now, Reference: base.Reference, Language: language, Viewer: &web.Viewer{Name: "Camille MOREAU", Means: "franceconnect", Role: record.RolePatient, IdleAt: now.Add(15 * time.Minute)},
				Greeting: &web.Greeting{LastSignIn: &record.SignIn{At: now.AddDate(0, 0, -16), Provider: "franceconnect", Refused: 1, RefusedAt: now.Add(-3 * time.Hour)}}}},
			"suspended":    web.SuspendedPage{Base: base},
			"activated":    web.ActivatedPage{Base: base},
			"unmatched":    web.UnmatchedPage{Base: base, Means: "franceconnect", Waiting: "9B2M-7XKD", Code: &web.CodeForm{}},
			"wrong-code":   web.UnmatchedPage{Base: base, Means: "franceconnect", Waiting: "9B2M-7XKD", Code: &web.CodeForm{Typed: "ABCD-EFGH", Refused: true}},
			"empty-home":   web.HomePage{Base: base, FirstSignIn: true, Patient: &record.Patient{Identity: record.Identity{Family: "VIDE", Given: "Zoé", Birthdate: "2001-02-03", Sex: record.Female}}},
			"empty-list":   web.ReportsPage{Base: base},
			"empty-log":    web.AccessLogPage{Base: base},
			"office-log":   web.AccessLogPage{Base: base, Accesses: others, Total: len(others), Signed: true, Months: []record.AccessCount{{Month: now.AddDate(0, 0, -18), Role: record.RoleOperator, Count: 3}, {Month: now.AddDate(0, 0, -18), Role: record.RolePatient, Self: true, Count: 1234}}},
			"others-home":  web.HomePage{Base: base, FirstSignIn: true, Others: others[:3]},
			"waiting":      web.ProofPage{Base: base, Access: others[0], Signed: true},
			"unsigned":     web.ProofPage{Base: base, Access: others[1]},
			"empty-report": web.ReportPage{Base: base, Report: &record.Report{Status: record.Registered}},
		}
		for _, reason := range []record.EndReason{record.EndReplaced, record.EndIdle, record.EndExpired, record.EndError, record.EndAdmin, record.EndIdentity, record.EndPresence, record.EndLogout} {
			rare["ended-"+string(reason)] = web.SessionEndedPage{Base: base, Reason: reason, At: now.Add(-time.Hour), Idle: 15 * time.Minute, Lifetime: 8 * time.Hour, Provider: "franceconnect",
				Returns: reason == record.EndIdle, ProviderCloses: true, Alert: true, Newer: &web.Newer{Provider: "franceconnect"}}
		}
		for name, page := range rare {
			path := fmt.Sprintf("/%s/%s", language, name)
			router.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
				if err := pages.Render(w, http.StatusOK, page); err != nil {
					http.Error(w, "not rendered", http.StatusInternalServerError)
				}
			})
			addresses[strings.TrimPrefix(path, "/")] = server.URL + path
		}
	}
	list, err := json.Marshal(addresses)
	if err != nil {
		t.Fatal(err)
	}
	return string(list)
}
