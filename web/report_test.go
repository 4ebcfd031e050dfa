package web

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"guichet/record"
)

// row is what a script reads of one result, by the hooks of the contract.
type row struct {
	code, system                         string
	value, raw, unit, reference, printed string
	flag, flags, previous, class, name   string
}

func rowsOf(t testing.TB, doc *html.Node) []row {
	t.Helper()
	var rows []row
	for _, tr := range all(doc, withAttr("data-code", "*")) {
		var r row
		r.code, _ = attr(tr, "data-code")
		r.system, _ = attr(tr, "data-system")
		r.class, _ = attr(tr, "class")
		cell := func(hook string) *html.Node {
			found := all(tr, func(n *html.Node) bool {
				class, _ := attr(n, "class")
				return strings.Contains(" "+class+" ", " "+hook+" ")
			})
			if len(found) != 1 {
				t.Fatalf("%d .%s in a row, want 1", len(found), hook)
			}
			return found[0]
		}
		r.value, r.unit, r.previous = textOf(cell("value")), textOf(cell("unit")), textOf(cell("previous"))
		r.raw, _ = attr(all(cell("value"), tagged("data"))[0], "value")
		r.reference, r.flag = textOf(cell("reference")), textOf(cell("flag"))
		r.printed, _ = attr(cell("reference"), "data-reference")
		r.flags, _ = attr(cell("flag"), "data-flag")
		r.name = textOf(all(tr, tagged("bdi"))[0])
		rows = append(rows, r)
	}
	return rows
}

func reportRow(t testing.TB, w *Web, o record.Observation) row {
	t.Helper()
	page := ReportPage{Report: &record.Report{Panels: []record.Panel{{Observations: []record.Observation{o}}}}}
	doc, _ := renderedPage(t, w, page)
	rows := rowsOf(t, doc)
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	return rows[0]
}

func TestReportRows(t *testing.T) {
	doc, _ := renderedPage(t, newWeb(t), ReportPage{Base: signedIn(t), Patient: camille(), Report: fullReport(t)})
	want := []row{
		{name: "Hémoglobine", value: "11,20", raw: "11.20", unit: "g/dL", reference: "12,0 à 16,0", printed: "12.0-16.0", flag: "↓au-dessous", flags: "L",
			previous: "12/05/202612,403/11/20257,6 mmol/L ↓ au-dessous", class: "out low"},
		{name: "Plaquettes", value: "412 000", raw: "412000", unit: "/mm3", reference: "150 000 à 400 000", printed: "150000-400000", flag: "↑↑très au-dessus", flags: "HH",
			previous: "pas d’antériorité connue", class: "out crit"},
		{name: "CRP", value: "< 0,5", raw: "<0.5", unit: "mg/L", reference: "< 5", printed: "<5", flag: "dans l’intervalle", flags: "N", previous: "pas d’antériorité connue"},
		{name: "Ferritine", value: "en cours", unit: "µg/L"},
		{name: "Anticorps antinucléaires", value: "1/80", raw: "1:80", reference: "positif à partir de 1/80", printed: "positif à partir de 1/80", flag: "+positif", flags: "POS",
			previous: "pas d’antériorité connue", class: "out high"},
		{name: "Examen direct", value: "bacilles à Gram négatif", raw: "87172008", reference: "absence", printed: "absence", flag: "!anormal", flags: "A",
			previous: "pas d’antériorité connue", class: "out high"},
		{name: "Amoxicilline", value: "> 32", raw: ">32", unit: "mg/L", flag: "R résistant", flags: "R", previous: "pas d’antériorité connue"},
		{name: "Conclusion", value: "Première ligne.\nSeconde ligne."},
	}
	rows := rowsOf(t, doc)
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, got := range rows {
		want[i].code, want[i].system = "718-7", record.LOINC
		got.value, got.reference = plain(got.value), plain(got.reference)
		if got != want[i] {
			t.Errorf("\ngot  %+v\nwant %+v", got, want[i])
		}
	}
}

func TestALocalCodeStandsInForLOINC(t *testing.T) {
	o := measured("Sodium", "139", "mmol/L", "")
	o.Code, o.Local = record.Code{}, record.Code{System: "LABO", Value: "NA"}
	if got := reportRow(t, newWeb(t), o); got.code != "NA" || got.system != "LABO" {
		t.Errorf("code %q of %q", got.code, got.system)
	}
}

func TestRowsWithoutAValueSaySo(t *testing.T) {
	w := newWeb(t)
	for status, want := range map[record.Status]string{
		record.Registered: "en cours", record.Partial: "en cours", record.Preliminary: "en cours",
		record.Cancelled: "annulé", record.Final: "sans résultat", record.Corrected: "sans résultat",
	} {
		got := reportRow(t, w, record.Observation{Name: "Sodium", Status: status})
		if got.value != want || got.raw != "" || got.flag != "" {
			t.Errorf("%s: %+v, want %q without a flag", status, got, want)
		}
	}
}

func TestReportSaysWhoAndWhen(t *testing.T) {
	doc, source := renderedPage(t, newWeb(t), ReportPage{Base: signedIn(t), Patient: camille(), Report: fullReport(t)})
	text := plain(textOf(doc))
	for _, want := range []string{
		"Compte rendu du 17/11/2026 – Guichet",
		"mardi 17/11/2026 à 07:42", "17/11/2026 à 08:15, puis 11:26", "Dr Samir Benali", "Dr Hélène Garnier", "n° 26-1117-0482",
		"version 2, du 18/11/2026 à 9 h 10", "Le laboratoire a corrigé ce compte rendu : cette version remplace les précédentes.",
		"Imprimé le 19/11/2026 à 10 h 32 par Camille Moreau depuis Guichet.",
		"MOREAU Camille, née LEFÈVRE, 14/03/1984 (42 ans), Femme · prélevé le 17/11/2026 à 07:42 · n° 26-1117-0482 v2",
		"Prélèvement à jeun.", "Tube hémolysé.", "Anémie modérée.\nÀ confronter à la ferritine.", "spectrophotométrie",
		"2 résultats sur 8 sont signalés hors de l’intervalle par le laboratoire : Hémoglobine, Plaquettes.",
		"2 résultats sur 8 sont signalés autrement par le laboratoire (positif, anormal ou hors de la mesure) : Anticorps antinucléaires, Examen direct.",
		"Décompte fait par Guichet", "S : sensible.", "g/dL, grammes par décilitre", "(PDF, 184 ko)", "(document structuré (CDA), 900 octets), à demander au laboratoire",
		"Aucun résultat dans cette partie.", "prélevé le 17/11/2026 à 07:50",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if n := strings.Count(source, `href="/reports/`+reportID(1).String()+`/original.pdf"`); n != 2 {
		t.Errorf("%d links to the original, want 2", n)
	}
	if strings.Contains(textOf(all(doc, tagged("title"))[0]), "Bilan") {
		t.Error("the title of the page holds health data")
	}
}

func TestBriefCountsTheLaboratorysFlagsOnly(t *testing.T) {
	w := newWeb(t)
	farOut := "900" // outside its interval, but the laboratory says nothing
	for name, c := range map[string]struct {
		observations []record.Observation
		want         string
	}{
		"no flag at all":  {[]record.Observation{measured("Sodium", farOut, "", "136-145")}, "1 résultat. Le laboratoire n’a joint aucun signalement"},
		"in range":        {[]record.Observation{measured("Sodium", farOut, "", "136-145", "N"), measured("Potassium", farOut, "", "3-5")}, "2 résultats : le laboratoire n’en signale aucun hors de l’intervalle."},
		"a cancelled one": {[]record.Observation{{Name: "Sodium", Flags: []record.Flag{"H"}, Status: record.Cancelled}, measured("Potassium", "4", "", "3-5", "N")}, "2 résultats : le laboratoire n’en signale aucun hors de l’intervalle."},
		"one":             {[]record.Observation{measured("Sodium", "139", "", "136-145", "H")}, "1 résultat sur 1 est signalé hors de l’intervalle par le laboratoire : Sodium."},
	} {
		doc, _ := renderedPage(t, w, ReportPage{Report: &record.Report{Panels: []record.Panel{{Observations: c.observations}}}})
		if got := plain(textOf(doc)); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, c.want)
		}
	}
	doc, _ := renderedPage(t, w, ReportPage{Report: &record.Report{}})
	if strings.Contains(textOf(doc), "En bref") {
		t.Error("a report without results is summed up")
	}
}

// twoSets is two isolates with their antibiogram, and a remark.
func twoSets() []record.Observation {
	organism := func(sub, germ string) record.Observation {
		return record.Observation{SubID: sub, Name: "Germe", Value: record.Value{Kind: record.Coded, Text: germ}}
	}
	antibiotic := func(sub string) record.Observation {
		return record.Observation{SubID: sub, Name: "Amoxicilline", Flags: []record.Flag{"S"}}
	}
	return []record.Observation{
		organism("1", "Escherichia coli"), antibiotic("1"), organism("2", "Enterococcus faecalis"), antibiotic("2"), {Name: "Note"},
	}
}

func TestTwoIsolatesAreToldApart(t *testing.T) {
	w := newWeb(t)
	headings := func(observations []record.Observation) []string {
		doc, _ := renderedPage(t, w, ReportPage{Report: &record.Report{Panels: []record.Panel{{Observations: observations}}}})
		var got []string
		for _, tr := range all(doc, withAttr("class", "set")) {
			got = append(got, plain(textOf(tr)))
		}
		return got
	}
	got := strings.Join(headings(twoSets()), " | ")
	if want := "Ensemble 1 : Escherichia coli | Ensemble 2 : Enterococcus faecalis | Autres résultats"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := headings(twoSets()[:2]); len(got) > 0 {
		t.Errorf("a single isolate has headings: %q", got)
	}
}

// hostile values must come out as the text they are.
func TestHostileValuesStayText(t *testing.T) {
	w := newWeb(t)
	hostile := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</td></tr></table><h1>`,
		"\u202eevil\u2066", `{{.}}`, `&lt;b&gt;`, "javascript:alert(1)", "a\x00b", "\xff\xfe<b>", `--><!--`, `]]>`,
	}
	for _, value := range hostile {
		report := hostileReport(value)
		base := Base{Viewer: &Viewer{Name: value, Means: value}, Now: instant(t, "2026-11-19 10:32"), Reference: value}
		patient := &record.Patient{Identity: record.Identity{Family: value, Given: value, Usual: "y" + value, Birthdate: value}}
		access := record.Access{Who: value, Event: value, Outcome: value}
		for _, page := range []Page{
			ReportPage{Base: base, Patient: patient, Report: &report},
			HomePage{Base: base, Patient: patient, Reports: []record.Report{report}, New: []record.Report{report}, LastSignIn: &record.SignIn{Provider: value}, Others: []record.Access{access}},
			AccessLogPage{Base: base, Accesses: []record.Access{access}, More: true},
			UnmatchedPage{Base: base, Means: value}, NotFoundPage{base},
		} {
			doc, _ := renderedPage(t, w, page)
			checkPolicy(t, doc)
			if n := len(all(doc, tagged("h1"))); n != 1 {
				t.Errorf("%T of %q: %d h1", page, value, n)
			}
			for _, a := range all(doc, tagged("a")) {
				if href, _ := attr(a, "href"); strings.HasPrefix(strings.ToLower(href), "javascript") {
					t.Errorf("%T of %q: href %s", page, value, href)
				}
			}
		}
	}
}

func hostileReport(value string) record.Report {
	o := record.Observation{
		Code: record.Code{System: value, Value: value, Text: value}, Name: value, SubID: value, Unit: value, Reference: value, Method: value,
		Value: record.Value{Kind: record.Text, Text: value}, Flags: []record.Flag{record.Flag(value), "H"}, Comments: []string{value},
		Previous: []record.Previous{{Value: record.Value{Kind: record.Coded, Code: record.Code{Value: value}}, Unit: "u" + value, Flags: []record.Flag{"L"}}},
	}
	return record.Report{
		Title: value, Number: value, Laboratory: value, Prescriber: value, Validator: value, Status: record.Status(value), Comments: []string{value},
		Panels:    []record.Panel{{Title: value, Specimen: value, Comments: []string{value}, Observations: []record.Observation{o, o}}},
		Documents: []record.Document{{Title: value, MediaType: value}},
	}
}

// Whatever a laboratory sends, the row holds it whole and nothing else.
func TestAnyValueComesOutWhole(t *testing.T) {
	w := newWeb(t)
	text := rapid.StringOfN(rapid.OneOf(rapid.RuneFrom([]rune(`<>"'&=/ .,-:0123456789`)), rapid.Rune()), -1, 60, -1)
	rapid.Check(t, func(rt *rapid.T) {
		o := record.Observation{
			Code:      record.Code{Value: "c" + text.Draw(rt, "code"), System: text.Draw(rt, "system")},
			Name:      "n" + text.Draw(rt, "name"),
			Value:     record.Value{Kind: record.ValueKind(rapid.IntRange(0, 4).Draw(rt, "kind")), Text: text.Draw(rt, "value")},
			Unit:      text.Draw(rt, "unit"),
			Reference: text.Draw(rt, "reference"),
			Flags:     []record.Flag{record.Flag(text.Draw(rt, "flag"))},
			Comments:  []string{text.Draw(rt, "comment")},
		}
		got := reportRow(t, w, o)
		for _, c := range []struct{ what, got, want string }{
			{"code", got.code, o.Code.Value}, {"system", got.system, o.Code.System}, {"name", got.name, o.Name},
			{"unit", got.unit, o.Unit}, {"reference", got.printed, o.Reference}, {"flag", got.flags, string(o.Flags[0])},
		} {
			if c.got != asParsed(c.want) {
				rt.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
			}
		}
		if o.Value.Kind == record.Numeric && got.raw != asParsed(o.Value.Text) {
			rt.Errorf("value: got %q, want %q", got.raw, o.Value.Text)
		}
	})
}

// asParsed is what an HTML parser makes of a text that was escaped well.
func asParsed(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(s)
}

// A page of twenty results, sent as it is, and the style sheet, compressed,
// stay well below what a slow telephone can bear.
func TestReportPageIsLight(t *testing.T) {
	w := newWeb(t)
	_, source := renderedPage(t, w, ReportPage{Base: signedIn(t), Patient: camille(), Report: twentyResults(t)})
	style := len(w.static.files[w.static.styleHref].gzipped)
	if total := len(source) + style; total > 60_000 {
		t.Errorf("%d bytes of page and %d of style sheet", len(source), style)
	}
}

func twentyResults(t testing.TB) *record.Report {
	t.Helper()
	report := fullReport(t)
	flagged := report.Panels[0].Observations[0]
	usual := flagged
	usual.Flags, usual.Comments = []record.Flag{"N"}, nil
	report.Panels = []record.Panel{{Title: "Bilan"}}
	for i := range 20 {
		o := usual
		if i%5 == 0 {
			o = flagged
		}
		report.Panels[0].Observations = append(report.Panels[0].Observations, o)
	}
	return report
}

func BenchmarkReportPage(b *testing.B) {
	w := newWeb(b)
	page := ReportPage{Base: signedIn(b), Patient: camille(), Report: twentyResults(b)}
	b.ReportAllocs()
	for b.Loop() {
		buffer := w.buffer()
		if err := w.french.execute(w, buffer, page); err != nil {
			b.Fatal(err)
		}
		w.release(buffer)
	}
}

// TestOwnWordsAreNotNone: a flag in words of the laboratory's own is never
// counted as if nothing were flagged.
func TestOwnWordsAreNotNone(t *testing.T) {
	observation := func(flags ...record.Flag) record.Observation {
		return record.Observation{Name: "Potassium", Value: record.Value{Kind: record.Numeric, Text: "6.9"}, Flags: flags, Status: record.Final}
	}
	for _, c := range []struct {
		flags             []record.Flag
		ownWords, outside int
	}{{[]record.Flag{"CRITIQUE"}, 1, 0}, {[]record.Flag{"CRITIQUE", "HH"}, 0, 1}, {[]record.Flag{"N"}, 0, 0}} {
		b := newWeb(t).french.newBrief(&record.Report{Panels: []record.Panel{{Observations: []record.Observation{observation(c.flags...)}}}})
		if len(b.OwnWords) != c.ownWords || len(b.Outside) != c.outside {
			t.Errorf("%v: got %d in own words, %d outside", c.flags, len(b.OwnWords), len(b.Outside))
		}
	}
}
