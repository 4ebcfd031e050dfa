package web

import (
	"bytes"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"guichet/record"
)

func newWeb(t testing.TB) *Web {
	t.Helper()
	w, err := New(Site{
		Hospital:      "Centre hospitalier de Belleroche",
		SupportPhone:  "01 99 00 55 00",
		SupportHours:  "Du lundi au vendredi",
		SupportMail:   "guichet@ch-belleroche.example",
		AlertPhone:    "01 99 00 55 11",
		Demonstration: true,
		Doors: []Door{
			{Provider: "franceconnect", Label: "FranceConnect", For: ForPatients},
			{Provider: "psc", Label: "Pro Santé Connect", For: ForProfessionals},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// renderedPage returns the parsed page, and its bytes.
func renderedPage(t testing.TB, w *Web, page Page) (*html.Node, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	if err := w.Render(rec, 200, page); err != nil {
		t.Fatalf("render %T: %v", page, err)
	}
	doc, err := html.Parse(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		t.Fatalf("parse %T: %v", page, err)
	}
	return doc, rec.Body.String()
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, paris)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func sampled(t testing.TB, s string) record.Moment {
	t.Helper()
	return record.Moment{At: instant(t, s), Precision: record.ToMinute}
}

func reportID(n byte) record.ReportID { return record.ReportID(uuid.UUID{15: n}) }

// signedIn is the base of a patient's page on 19 November 2026 at 10:32.
func signedIn(t testing.TB) Base {
	t.Helper()
	return Base{
		Viewer:    &Viewer{Name: "Camille Moreau", Means: "franceconnect", Role: record.RolePatient, IdleAt: instant(t, "2026-11-19 10:47")},
		Now:       instant(t, "2026-11-19 10:32"),
		Reference: "G7K2-41QF",
		Watch:     &Watch{Session: "0123456789abcdef", Idle: 15 * time.Minute},
	}
}

func camille() *record.Patient {
	return &record.Patient{
		Identity: record.Identity{
			Family: "Lefèvre", Given: "Camille Anne", Usual: "Moreau", Birthdate: "1984-03-14", Sex: record.Female,
		},
		Identifiers: []record.Identifier{{Authority: record.OIDNIRTest, Value: "284035100000000"}},
	}
}

func measured(name, digits, unit, reference string, flags ...record.Flag) record.Observation {
	return record.Observation{
		Code:      record.Code{System: record.LOINC, Value: "718-7"},
		Name:      name,
		Value:     record.Value{Kind: record.Numeric, Text: digits},
		Unit:      unit,
		Reference: reference,
		Flags:     flags,
		Status:    record.Final,
	}
}

// fullReport has something in every field a report has.
func fullReport(t testing.TB) *record.Report {
	t.Helper()
	haemoglobin := measured("Hémoglobine", "11.20", "g/dL", "12.0-16.0", "L")
	haemoglobin.Comments = []string{"Anémie modérée.\nÀ confronter à la ferritine."}
	haemoglobin.Method = "spectrophotométrie"
	haemoglobin.Replaced = &record.Replaced{Deposited: instant(t, "2026-11-17 11:30"), Value: record.Value{Kind: record.Numeric, Text: "10.20"}, Unit: "g/dL", Reference: "12.0-16.0", Flags: []record.Flag{"L"}}
	haemoglobin.Previous = []record.Previous{
		{Sampled: sampled(t, "2026-05-12 08:10"), Value: record.Value{Kind: record.Numeric, Text: "12.4"}, Unit: "g/dL", Reference: "12.0-16.0", Flags: []record.Flag{"N"}},
		{Sampled: sampled(t, "2025-11-03 07:55"), Value: record.Value{Kind: record.Numeric, Text: "7.6"}, Unit: "mmol/L", Reference: "7.4-9.9", Flags: []record.Flag{"L"}},
	}
	crp := measured("CRP", "", "mg/L", "<5", "N")
	crp.Value = record.Value{Kind: record.Structured, Text: "<0.5"}
	titre := measured("Anticorps antinucléaires", "", "", "positif à partir de 1/80", "POS")
	titre.Value = record.Value{Kind: record.Structured, Text: "1:80"}
	gram := measured("Examen direct", "", "", "absence", "A")
	gram.Value = record.Value{Kind: record.Coded, Text: "bacilles à Gram négatif", Code: record.Code{Value: "87172008"}}
	conclusion := measured("Conclusion", "", "", "")
	conclusion.Value = record.Value{Kind: record.Text, Text: "Première ligne.\nSeconde ligne."}
	pending := measured("Ferritine", "", "µg/L", "")
	pending.Value, pending.Status = record.Value{}, record.Registered
	amoxicillin := measured("Amoxicilline", "", "mg/L", "", "R")
	amoxicillin.Value = record.Value{Kind: record.Structured, Text: ">32"}
	return &record.Report{
		ID: reportID(1), Version: 2, Deposited: instant(t, "2026-11-18 09:10"), Status: record.Corrected,
		Title: "Bilan sanguin complet", Number: "26-1117-0482", Laboratory: "Biologie médicale, CH de Belleroche",
		Prescriber: "Dr Samir Benali", Validator: "Dr Hélène Garnier",
		Sampled: sampled(t, "2026-11-17 07:42"), Received: sampled(t, "2026-11-17 08:15"), Issued: sampled(t, "2026-11-17 11:26"),
		Comments: []string{"Prélèvement à jeun."}, Count: 8, Abnormal: 3,
		Panels: []record.Panel{
			{Title: "Numération sanguine (NFS)", Specimen: "Sang veineux", Status: record.Partial, Comments: []string{"Tube hémolysé."},
				Observations: []record.Observation{haemoglobin, measured("Plaquettes", "412000", "/mm3", "150000-400000", "HH"), crp, pending}},
			{Title: "Microbiologie", Status: record.Corrected, Sampled: sampled(t, "2026-11-17 07:50"),
				Observations: []record.Observation{titre, gram, amoxicillin, conclusion}},
			{Title: "Vide", Status: record.Cancelled},
		},
		Documents: []record.Document{
			{Title: "Compte rendu", MediaType: "application/pdf", Size: 184_000},
			{Title: "Document structuré", MediaType: "text/xml", Size: 900},
		},
	}
}

func someReports(t testing.TB) []record.Report {
	t.Helper()
	return []record.Report{
		{ID: reportID(4), Title: "Sans date", Status: record.Final},
		{ID: reportID(2), Title: "Ionogramme", Sampled: sampled(t, "2025-02-14 09:20"), Status: record.Cancelled},
		{ID: reportID(1), Title: "Bilan", Sampled: sampled(t, "2026-11-17 07:42"), Status: record.Corrected, Abnormal: 5, Laboratory: "Biologie", Prescriber: "Dr Benali"},
		{ID: reportID(3), Title: "", Sampled: record.Moment{At: instant(t, "2026-05-12 00:00"), Precision: record.ToDay}, Status: record.Partial, Abnormal: 1},
	}
}

func someAccesses(t testing.TB) []record.Access {
	t.Helper()
	return []record.Access{
		{Entry: 9, At: instant(t, "2026-11-19 10:32"), Event: "report.list", Outcome: "granted", Self: true, Role: record.RolePatient, Ground: record.GrantSelf, Reports: 5},
		{Entry: 8, At: instant(t, "2026-11-18 14:05"), Event: "report.read", Outcome: "granted", Who: "Dr Samir Benali", Role: record.RolePhysician, Ground: record.GrantCare, Reports: 1},
		{Entry: 7, At: instant(t, "2026-11-18 09:10"), Event: "report.deposit", Outcome: "granted", Who: "LABO", Role: record.RoleFeed, Reports: 2},
		{Entry: 6, At: instant(t, "2026-11-14 03:21"), Event: "document.read", Outcome: "granted", Who: "Dr Nora Delmas", Role: record.RolePhysician, Ground: record.GrantEmergency, Reports: 1},
		{Entry: 5, At: instant(t, "2026-11-10 08:15"), Event: "report.read", Outcome: "refused", Who: "Dr Paul Renaud", Role: record.RoleNurse},
		{Entry: 4, At: instant(t, "2026-11-10 08:10"), Event: "report.read", Outcome: "failed", Who: "", Role: record.RoleProfessional},
		{Entry: 3, At: instant(t, "2026-11-10 08:05"), Event: "identity.read", Outcome: "granted", Who: "Agent 0417", Role: record.RoleAdministrator, Ground: record.GrantShare},
		{Entry: 2, At: instant(t, "2026-11-10 08:01"), Event: "home.read", Outcome: "granted", Who: "Paul Moreau", Role: record.RolePatient, Ground: record.GrantMandate},
		{Entry: 1, At: instant(t, "2026-11-10 08:00"), Event: "access-log.read", Outcome: "granted", Who: "Officier", Role: record.RoleOfficer},
	}
}

func someMonths(t testing.TB) []record.AccessCount {
	t.Helper()
	return []record.AccessCount{{Month: instant(t, "2026-11-01 00:00"), Role: record.RolePatient, Self: true, Count: 3}, {Month: instant(t, "2026-11-01 00:00"), Role: record.RoleNurse, Count: 2},
		{Month: instant(t, "2026-11-01 00:00"), Role: record.RolePhysician, Count: 2}, {Month: instant(t, "2026-10-01 00:00"), Role: record.RoleOperator, Count: 1}, {Month: instant(t, "2026-10-01 00:00"), Role: record.RoleFeed, Count: 1}}
}

func someProof(t testing.TB) *Proof {
	t.Helper()
	return &Proof{Log: "guichet.example/traces", Place: 1_234_567, Size: 12_345_678, At: instant(t, "2026-11-19 10:31"), Line: [32]byte{0x7f, 0x3a}, Root: [32]byte{31: 0xd0}}
}

// everyPage returns each page filled, and each page empty, in a language.
func everyPage(t testing.TB, in Language) map[string]Page {
	t.Helper()
	base := signedIn(t)
	base.Language, base.Path = in, "/reports?text=sang"
	out := Base{Now: base.Now, Reference: base.Reference, Language: in}
	empty := Base{Language: in}
	clinician := base
	clinician.Viewer = &Viewer{Name: "Dr Claire Vasseur", Means: "psc", Role: record.RolePhysician, IdleAt: base.Viewer.IdleAt}
	alone := out
	alone.Path, alone.Watch = base.Path, base.Watch
	last := &record.SignIn{At: instant(t, "2026-11-03 18:12"), Provider: "franceconnect"}
	refused := &record.SignIn{At: instant(t, "2026-11-03 18:12"), Provider: "psc", Refused: 2}
	reports, accesses := someReports(t), someAccesses(t)
	pages := map[string]Page{
		"landing": LandingPage{out}, "landing, empty": LandingPage{Base: empty},
		"home":        HomePage{Base: base, Patient: camille(), LastSignIn: last, Others: accesses[1:4], New: reports[:3], Reports: reports},
		"home, first": HomePage{Base: base, Patient: camille(), FirstSignIn: true}, "home, empty": HomePage{Base: empty},
		"reports": ReportsPage{Base: base, Patient: camille(), Reports: reports}, "reports, empty": ReportsPage{Base: empty},
		"report": ReportPage{Base: base, Patient: camille(), Report: fullReport(t)}, "report, empty": ReportPage{Base: empty, Report: &record.Report{}}, "report, none": ReportPage{Base: empty},
		"report, PDF only": ReportPage{Base: base, Report: &record.Report{Documents: []record.Document{{MediaType: "application/pdf"}}}},
		"access log":       AccessLogPage{Base: base, Patient: camille(), Accesses: accesses, Total: 9, More: true, Months: someMonths(t)}, "access log, empty": AccessLogPage{Base: empty},
		"access log, filtered":  AccessLogPage{Base: base, Patient: camille(), Accesses: accesses, Total: 1234, More: true, Filter: AccessFilter{Others: true, Act: "office", Period: OneMonth}},
		"access log, none left": AccessLogPage{Base: base, Patient: camille(), Filter: AccessFilter{Act: "log"}},
		"access log, signed":    AccessLogPage{Base: base, Patient: camille(), Accesses: accesses, Signed: true},
		"proof":                 ProofPage{Base: base, Patient: camille(), Access: accesses[1], Signed: true, Proof: someProof(t)}, "proof, empty": ProofPage{Base: empty},
		"proof, others":  ProofPage{Base: base, Patient: camille(), Access: accesses[1], Signed: true, Proof: othersProof(t)},
		"proof, waiting": ProofPage{Base: base, Patient: camille(), Access: accesses[2], Signed: true}, "proof, unsigned": ProofPage{Base: base, Patient: camille(), Access: accesses[3]},
		"report an access": ReportAccessPage{Base: base, Patient: camille(), Access: accesses[1]}, "access reported": AccessReportedPage{Base: alone, Reference: 1234},
		"report an access, empty": ReportAccessPage{Base: empty}, "access reported, empty": AccessReportedPage{Base: empty},
		"reports, filtered":  ReportsPage{Base: base, Patient: camille(), Reports: reports, Filter: Filter{Text: "bilan", Period: OneYear, Flagged: true}},
		"reports, none left": ReportsPage{Base: base, Patient: camille(), Reports: reports, Filter: Filter{Text: "rien de tel"}},
		"reports, many":      ReportsPage{Base: base, Patient: camille(), Reports: manyReports(t), Page: 2, Filter: Filter{Flagged: true}},
		"home, many":         HomePage{Base: base, Patient: camille(), LastSignIn: last, New: manyReports(t)[:9], Reports: manyReports(t)},
		"trend":              TrendPage{Base: base, Patient: camille(), Trend: someTrend(t)},
		"trend, of words":    TrendPage{Base: base, Patient: camille(), Trend: record.Trend{Points: []record.TrendPoint{{Observation: record.Observation{Name: "Aspect", Value: record.Value{Kind: record.Text, Text: "trouble"}}}}}},
		"trend, empty":       TrendPage{Base: empty},
		"account":            AccountPage{Base: base, Patient: camille(), SignIns: []record.SignIn{{At: base.Now, Provider: "franceconnect"}, *refused, *last}},
		"account, clinician": AccountPage{Base: clinician, SignIns: []record.SignIn{*refused}},
		"account, empty":     AccountPage{Base: empty},
		"nothing shared":     NothingSharedPage{Base: clinician, LastSignIn: refused}, "nothing shared, empty": NothingSharedPage{Base: empty},
		"unmatched": UnmatchedPage{Base: out, Means: "franceconnect"}, "unmatched, empty": UnmatchedPage{Base: empty},
		"unmatched, with a code": UnmatchedPage{Base: out, Means: "franceconnect", Waiting: "9B2M-7XKD", Code: &CodeForm{}},
		"unmatched, mistyped":    UnmatchedPage{Base: out, Means: "franceconnect", Waiting: "9B2M-7XKD", Code: &CodeForm{Typed: "ABCD-EFGH", Mistyped: true}},
		"unmatched, refused":     UnmatchedPage{Base: out, Means: "franceconnect", Waiting: "9B2M-7XKD", Code: &CodeForm{Typed: "ABCD-EFGH", Refused: true}},
		"activated":              ActivatedPage{base}, "activated, empty": ActivatedPage{Base: empty},
		"suspended": SuspendedPage{out}, "suspended, empty": SuspendedPage{Base: empty},
		"sign-in failed": SignInFailedPage{Base: out, Means: "psc"}, "sign-in failed, empty": SignInFailedPage{Base: empty},
		"not found": NotFoundPage{base}, "not found, empty": NotFoundPage{Base: empty},
		"internal": InternalPage{base}, "internal, empty": InternalPage{Base: empty},
		"unavailable": UnavailablePage{base}, "unavailable, empty": UnavailablePage{Base: empty},
		"forbidden origin": ForbiddenOriginPage{base}, "forbidden origin, empty": ForbiddenOriginPage{Base: empty},
		"wait": WaitPage{Base: out, Until: base.Now.Add(32 * time.Second), Failures: 5}, "wait, first": WaitPage{Base: out, Until: base.Now.Add(2 * time.Second), Failures: 1}, "wait, empty": WaitPage{Base: empty}, "wait, crowded": WaitPage{Base: out, Until: base.Now.Add(2 * time.Second)},
		"wait, blocked":  WaitPage{Base: out, Until: base.Now.Add(10 * time.Minute), Blocked: true},
		"wait, tomorrow": WaitPage{Base: out, Until: base.Now.Add(20 * time.Hour), Failures: 20, Longest: time.Hour},
		"ended, empty":   SessionEndedPage{Base: empty},
		"still open":     StillOpenPage{Base: alone, IdleAt: base.Viewer.IdleAt},
		"already open":   AlreadyOpenPage{Base: out, Since: base.Now.Add(-30 * time.Minute), Seen: base.Now.Add(-3 * time.Minute)}, "already open, empty": AlreadyOpenPage{Base: empty},
		"close account": CloseAccountPage{Base: alone}, "close account, clinician": CloseAccountPage{Base: clinician}, "close account, empty": CloseAccountPage{Base: empty},
		"account closed": AccountClosedPage{Base: out, Provider: "franceconnect", ProviderCloses: true}, "account closed, empty": AccountClosedPage{Base: empty},
		"alerted": AlertedPage{Base: out}, "alerted, empty": AlertedPage{Base: empty},
	}
	for _, name := range everyGuide() {
		pages["guide, "+string(name)] = GuidePage{Base: out, Guide: name, Idle: 15 * time.Minute, Lifetime: 8 * time.Hour}
		pages["guide, "+string(name)+", signed in"] = GuidePage{Base: base, Guide: name, Idle: 15 * time.Minute, Lifetime: 8 * time.Hour}
	}
	for _, reason := range endReasons() {
		pages["ended, "+string(reason)] = SessionEndedPage{
			Base: base, Reason: reason, At: base.Now, Idle: 15 * time.Minute, Lifetime: 8 * time.Hour, Provider: "franceconnect", Returns: reason == record.EndIdle,
			ProviderCloses: true, Alert: true, Newer: &Newer{Provider: "psc"},
		}
	}
	return pages
}

func everyGuide() []Guide {
	return []Guide{Help, SecurityAdvice, Contact, Phishing, LegalNotice, Privacy, Accessibility, Terms}
}

// manyReports is ten years of them, two laboratories in turn.
func manyReports(t testing.TB) []record.Report {
	t.Helper()
	var reports []record.Report
	for i := range 500 {
		at := instant(t, "2026-11-17 07:42").AddDate(0, 0, -7*i)
		reports = append(reports, record.Report{ID: record.ReportID(uuid.UUID{14: byte(i >> 8), 15: byte(i)}), Title: "NFS " + strconv.Itoa(i), Titles: []string{"NFS " + strconv.Itoa(i), "Ionogramme"},
			Sampled: record.Moment{At: at, Precision: record.ToMinute}, Status: record.Final, Abnormal: i % 2, Laboratory: []string{"Biologie médicale", "Bio-Vallon"}[i%2], Prescriber: "Dr Benali"})
	}
	return reports
}

// someTrend is of a result in every state.
func someTrend(t testing.TB) record.Trend {
	t.Helper()
	point := func(day, digits string, change func(*record.TrendPoint), flags ...record.Flag) record.TrendPoint {
		p := record.TrendPoint{Report: reportID(1), Title: "Bilan", Laboratory: "Biologie médicale", Observation: measured("Hémoglobine", digits, "g/dL", "12.0-16.0", flags...)}
		p.Observation.Sampled = sampled(t, day+" 07:42")
		if change != nil {
			change(&p)
		}
		return p
	}
	return record.Trend{Code: record.Code{System: record.LOINC, Value: "718-7"}, Points: []record.TrendPoint{
		point("2021-02-08", "131", func(p *record.TrendPoint) { p.Observation.Unit, p.Observation.Reference = "g/L", "120-160" }, "N"),
		point("2022-02-08", "13.1", nil, "N"),
		point("2022-09-21", "12.7", func(p *record.TrendPoint) { p.Laboratory = "Bio-Vallon" }),
		point("2023-03-15", "17.6", nil, "H"),
		point("2023-06-30", "21.3", func(p *record.TrendPoint) { p.Observation.Comments = []string{"Contrôlé."} }, "HH"),
		point("2024-01-22", "", func(p *record.TrendPoint) { p.Observation.Value = record.Value{Kind: record.Structured, Text: "<5"} }, "LL"),
		point("2024-06-22", "5.2", nil, "LL"),
		point("2025-01-22", "12.6", func(p *record.TrendPoint) {
			p.Observation.Method, p.Observation.Sampled.Precision = "autre", record.ToYear
		}, "A"),
		point("2025-11-03", "12.9", nil, "N"),
		point("2026-05-12", "12.4", func(p *record.TrendPoint) { p.Observation.Status = record.Corrected }, "N"),
		point("2026-06-12", "", func(p *record.TrendPoint) {
			p.Observation.Value, p.Observation.Status = record.Value{}, record.Cancelled
		}),
		point("2026-07-12", "12.0", func(p *record.TrendPoint) { p.Observation.Reference = "selon l’âge" }, "S"),
		point("2026-11-17", "11.2", nil, "L"),
	}}
}

func endReasons() []record.EndReason {
	return []record.EndReason{
		record.EndReplaced, record.EndIdle, record.EndExpired, record.EndError,
		record.EndAdmin, record.EndIdentity, record.EndPresence, record.EndLogout,
	}
}

// The few selectors the tests need.

func all(n *html.Node, match func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && match(d) {
			found = append(found, d)
		}
	}
	return found
}

func tagged(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		for _, name := range names {
			if n.Data == name {
				return true
			}
		}
		return false
	}
}

func withAttr(key, value string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		got, ok := attr(n, key)
		return ok && (value == "*" || got == value)
	}
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func textOf(n *html.Node) string {
	var b bytes.Buffer
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// othersProof is of an entry that names other people.
func othersProof(t testing.TB) *Proof {
	t.Helper()
	proof := someProof(t)
	proof.Others = true
	return proof
}
