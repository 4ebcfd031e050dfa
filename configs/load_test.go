package configs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func noEnvironment(string) (string, bool) { return "", false }

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// problemsOf returns the fields an error names, with their texts.
func problemsOf(t *testing.T, err error) map[string]string {
	t.Helper()
	var found Problems
	if !errors.As(err, &found) {
		t.Fatalf("got error %v, want Problems", err)
	}
	fields := map[string]string{}
	for _, problem := range found {
		fields[problem.Field] = problem.Text
	}
	return fields
}

func TestTheSamplesLoad(t *testing.T) {
	guichet, err := LoadEnv[Guichet]("guichet.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if guichet.Intake.MaxMessage != 20<<20 || !guichet.Providers["psc"].PKCE {
		t.Errorf("guichet.toml read as %+v", guichet)
	}
	waf, err := LoadEnv[WAF]("waf.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if waf.MaxBody != 1<<20 || waf.UpstreamTLS.ServerName != "portal.ch-vallonnes.example" {
		t.Errorf("waf.toml read as %+v", waf)
	}
	idpsim, err := LoadEnv[IDPSim]("idpsim.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(idpsim.People) != 2 || idpsim.People[0].Usual != "L'HAŸ" {
		t.Errorf("idpsim.toml read as %+v", idpsim)
	}
}

func TestTheSamplesNameEveryField(t *testing.T) {
	for path, example := range map[string]configuration{
		"guichet.toml": &Guichet{}, "waf.toml": &WAF{}, "idpsim.toml": &IDPSim{},
	} {
		tree, err := parseTree(path, []byte(read(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		for _, missing := range unnamed(reflect.TypeOf(example).Elem(), tree, "") {
			t.Errorf("%s does not name %s", path, missing)
		}
	}
}

// unnamed lists the fields of t that tree does not hold.
func unnamed(t reflect.Type, tree any, path string) []string {
	switch {
	case t.Kind() == reflect.Map:
		var missing []string
		for name, element := range tree.(map[string]any) {
			missing = append(missing, unnamed(t.Elem(), element, join(path, name))...)
		}
		return missing
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return unnamed(t.Elem(), tree.([]any)[0], path+".0")
	case t.Kind() != reflect.Struct:
		return nil
	}
	var missing []string
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("toml")
		value, named := tree.(map[string]any)[name]
		if !named {
			missing = append(missing, join(path, name))
			continue
		}
		missing = append(missing, unnamed(t.Field(i).Type, value, join(path, name))...)
	}
	return missing
}

func TestDefaultsStandWhereTheFileIsSilent(t *testing.T) {
	text := read(t, "guichet.toml")
	for _, line := range []string{"max_message = 20971520", "connections = 2 "} {
		if !strings.Contains(text, line) {
			t.Fatalf("the sample has no line %q", line)
		}
		text = strings.Replace(text, line, "", 1)
	}
	got, err := Load[Guichet](write(t, text), noEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	if got.Intake.MaxMessage != 20<<20 || got.Database.Owner.Connections != 24 {
		t.Errorf("defaults not applied: %+v", got)
	}
}

// TestEveryFieldCanBeOverridden sets each field of each sample through its
// variable and finds the value there, and nothing else changed.
func TestEveryFieldCanBeOverridden(t *testing.T) {
	overridden[Guichet](t, "guichet.toml", 95)
	overridden[WAF](t, "waf.toml", 16)
	overridden[IDPSim](t, "idpsim.toml", 40)
}

func overridden[T Configuration](t *testing.T, sample string, atLeast int) {
	t.Helper()
	base, err := LoadEnv[T](sample, nil)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{} // by variable
	target := any(&base).(configuration)
	visit(reflect.ValueOf(target).Elem(), "", target.mapNames(), func(path string, _ reflect.Value) bool {
		name := variable(target.prefix(), path)
		if other := fields[name]; other != "" {
			t.Errorf("%s and %s share the variable %s", path, other, name)
		}
		fields[name] = path
		return false
	})
	if len(fields) < atLeast {
		t.Errorf("%s: %d fields found, want at least %d", sample, len(fields), atLeast)
	}
	for name, path := range fields {
		copied, err := LoadEnv[T](sample, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, want := another(at(reflect.ValueOf(copied), path))
		var found Problems
		assignEnvironment(any(&copied).(configuration), func(asked string) (string, bool) { return text, asked == name }, nil, &found)
		if len(found) > 0 {
			t.Errorf("%s=%s: %v", name, text, found)
		}
		if got := at(reflect.ValueOf(copied), path).Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s=%s set %s to %v", name, text, path, got)
		}
		if differences := strings.Count(cmp.Diff(base, copied, cmp.Transformer("list", func(l []string) string { return strings.Join(l, ",") }),
			cmp.Transformer("texts", func(m map[string]string) string { return fmt.Sprint(m) })), "\n+"); differences != 1 {
			t.Errorf("%s changed %d lines, want one", name, differences)
		}
	}
	t.Logf("%s: %d fields", sample, len(fields))
}

// another returns a value that v does not have, as text and as v would hold it.
func another(v reflect.Value) (string, any) {
	switch {
	case v.Type() == durationType:
		return "1234s", 1234 * time.Second
	case v.Kind() == reflect.Int:
		return "4242", 4242
	case v.Kind() == reflect.Bool:
		return fmt.Sprint(!v.Bool()), !v.Bool()
	case v.Kind() == reflect.Slice:
		return "one, two", []string{"one", "two"}
	case v.Kind() == reflect.Map:
		return "10=nurse, 21 = professional", map[string]string{"10": "nurse", "21": "professional"}
	default:
		return "another", "another"
	}
}

func at(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		switch v.Kind() {
		case reflect.Struct:
			v = v.Field(fieldsOf(v.Type())[name])
		case reflect.Map:
			v = v.MapIndex(reflect.ValueOf(name))
		case reflect.Slice:
			var i int
			if _, err := fmt.Sscan(name, &i); err == nil {
				v = v.Index(i)
			}
		}
	}
	return v
}

func TestTheEnvironmentOverridesByType(t *testing.T) {
	got, err := LoadEnv[Guichet]("guichet.toml", []string{
		"GUICHET_PORTAL_LISTEN=[::1]:9000",
		"GUICHET_INTAKE_MAX_MESSAGE=70000",
		"GUICHET_HOSPITAL_DEMONSTRATION=true",
		"GUICHET_PROVIDERS_FRANCECONNECT_SCOPES=openid, birth ,profile",
		"GUICHET_WAF_LISTEN=:1", "GUICHET_IDPSIM_LISTEN=:2", "GUICHET_FULL=1", "HOME=/root", "malformed",
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := LoadEnv[Guichet]("guichet.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want.Portal.Listen, want.Intake.MaxMessage, want.Hospital.Demonstration = "[::1]:9000", 70000, true
	provider := want.Providers["franceconnect"]
	provider.Scopes = []string{"openid", "birth", "profile"}
	want.Providers["franceconnect"] = provider
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("overridden configuration (-want +got):\n%s", diff)
	}
}

func TestAProviderCanComeFromTheEnvironmentAlone(t *testing.T) {
	text := read(t, "guichet.toml")
	start := strings.Index(text, "[providers.psc]")
	environ := []string{}
	for line := range strings.SplitSeq(text[start:], "\n") {
		name, value, found := strings.Cut(line, " = ")
		if !found {
			continue
		}
		value, _, _ = strings.Cut(value, "  #")
		environ = append(environ, "GUICHET_PROVIDERS_PSC_"+strings.ToUpper(name)+"="+strings.Trim(strings.ReplaceAll(value, `"`, ""), "[]{} "))
	}
	got, err := LoadEnv[Guichet](write(t, text[:start]), environ)
	if err != nil {
		t.Fatal(err)
	}
	want, err := LoadEnv[Guichet]("guichet.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Providers, got.Providers); diff != "" {
		t.Errorf("providers (-want +got):\n%s", diff)
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	text := strings.NewReplacer("[traces]\n", "[traces]\ncolour = \"blue\"\n", "[portal]\n", "[portal]\nidel = \"3m\"\n").Replace(read(t, "guichet.toml")) + "\n[nowhere]\nx = 1\n"
	_, err := LoadEnv[Guichet](write(t, text), []string{"GUICHET_PORTAL_IDEL=3m", "GUICHET_PORTAL=x"})
	got := problemsOf(t, err)
	want := map[string]string{
		"traces.colour": "unknown name", "portal.idel": "unknown name", "nowhere": "unknown name",
		"GUICHET_PORTAL_IDEL": "unknown variable", "GUICHET_PORTAL": "unknown variable",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestWrongTypesAreAllNamed(t *testing.T) {
	text := `
hospital = 3
[database]
owner = []
[portal]
listen = 8444
[intake]
max_message = "20 MiB"
[providers]
franceconnect = "x"
psc = {scopes = ["a", 1], algorithms = "RS256", pkce = "yes"}
`
	_, err := Load[Guichet](write(t, text), noEnvironment)
	got := problemsOf(t, err)
	for field, want := range map[string]string{
		"hospital": "must be a table", "database.owner": "must be a table", "portal.listen": "must be a string",
		"intake.max_message": "must be a whole number", "providers.franceconnect": "must be a table",
		"providers.psc.scopes": "must be a list of strings", "providers.psc.algorithms": "must be a list of strings",
		"providers.psc.pkce": "must be true or false",
	} {
		if got[field] != want {
			t.Errorf("%s: got %q, want %q", field, got[field], want)
		}
	}
}

// TestDurations is of the loader: a field may be one, in words only.
func TestDurations(t *testing.T) {
	for raw, want := range map[any]time.Duration{"15m": 15 * time.Minute, "eight hours": 0, int64(15): 0, true: 0} {
		var field time.Duration
		var found Problems
		assignValue(reflect.ValueOf(&field).Elem(), raw, "a.field", &found)
		if field != want || (len(found) == 0) != (want != 0) {
			t.Errorf("%v: got %s, %v", raw, field, found)
		}
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	const canary = "canary7d1f"
	text := fmt.Sprintf("[portal]\nlisten = %q\npublic_url = \"http://%s\"\ncookie_suffix = %q\n[database.portal]\nurl = \"postgres://u:%s@h/d\"\n", canary, canary, canary, canary)
	for _, content := range []string{text, "client_secret = \"" + canary + "\n", canary} {
		_, err := LoadEnv[Guichet](write(t, content), []string{"GUICHET_INTAKE_MAX_MESSAGE=" + canary})
		if err == nil {
			t.Fatal("loaded")
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("the error repeats a value: %v", err)
		}
	}
}

func TestAFileThatCannotBeReadIsRefused(t *testing.T) {
	for name, path := range map[string]string{
		"absent": filepath.Join(t.TempDir(), "none.toml"),
		"folder": t.TempDir(),
		"large":  write(t, strings.Repeat("# filler\n", maxConfiguration/8)),
		"broken": write(t, "listen = "),
	} {
		if _, err := Load[WAF](path, noEnvironment); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "[portal]\nidle = \"15m\"", "providers = {psc = {}}", "hospital = []", "[[providers]]", "a.b.c = 1979-05-27"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := parseTree("fuzz", []byte(text))
		if err != nil {
			return
		}
		var found Problems
		assignTree(&Guichet{}, tree, &found)
		if slices.ContainsFunc(found, func(p Problem) bool { return p.Text == "" }) {
			t.Errorf("a problem without a text: %v", found)
		}
	})
}
