package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// A page of a session has the script, and a way out for browsers without scripts; any other page has none of them.
func TestPagesOfASessionWatchOverIt(t *testing.T) {
	w := newWeb(t)
	inEveryLanguage(t, func(t *testing.T, l Language, name string, page Page) {
		_, base, _ := page.view(w.in(l))
		doc, source := renderedPage(t, w, page)
		want := 0
		if base.Watch != nil {
			want = 1
		}
		for _, tag := range []string{"script", "noscript"} {
			if n := len(all(doc, tagged(tag))); n != want {
				t.Errorf("%d %s, want %d", n, tag, want)
			}
		}
		if want == 0 {
			return
		}
		leave := "/reports?text=sang&amp;unattended=1"
		if base.Path == "" {
			leave = "/?unattended=1"
		}
		if refresh := `<noscript><meta http-equiv="refresh" content="905; url=` + leave + `"></noscript>`; !strings.Contains(source, refresh) {
			t.Errorf("no %s in the page", refresh)
		}
		script := all(doc, tagged("script"))[0]
		for key, want := range map[string]string{"data-leave": strings.ReplaceAll(leave, "&amp;", "&"), "data-idle": "900", "data-session": "0123456789abcdef"} {
			if got, _ := attr(script, key); got != want {
				t.Errorf("%s=%q, want %q", key, got, want)
			}
		}
	})
}

func TestTheQuestionIsWordedAsDesigned(t *testing.T) {
	w := newWeb(t)
	at := instant(t, "2026-11-19 10:47")
	for _, c := range []struct {
		in    Language
		final bool
		says  []string
	}{
		{French, false, []string{"Êtes-vous toujours là ?", "Pour protéger vos données, la session se ferme après 15 minutes sans action.", "Fermeture à 10 h 47.", "Continuer ma session", "Se déconnecter"}},
		{English, false, []string{"Are you still there?", "To protect your data, the session closes after 15 minutes without action.", "Closing at 10:47.", "Keep my session", "Sign out"}},
		{French, true, []string{"La session va se fermer", "ne peut pas être prolongée", "Fermeture à 10 h 47.", "Revenir à la page"}},
		{English, true, []string{"The session is about to close", "cannot be extended", "Closing at 10:47.", "Back to the page"}},
	} {
		source, err := w.Question(c.in, Question{At: at, Idle: 15 * time.Minute, Final: c.final})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(source))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(plain(textOf(doc))), " ")
		for _, sentence := range c.says {
			if !strings.Contains(text, sentence) {
				t.Errorf("%s: the question is %q, without %q", c.in, text, sentence)
			}
		}
		checkNames(t, doc)
		checkPolicy(t, doc)
		if dialog := all(doc, withAttr("role", "alertdialog")); len(dialog) != 1 || len(all(doc, withAttr("autofocus", "*"))) != 1 {
			t.Errorf("%d dialogs, want one with one button that has the focus", len(dialog))
		}
	}
}

// Where the page leaves to is itself, whatever its address holds.
func TestAPageLeavesToItself(t *testing.T) {
	w := newWeb(t)
	for _, path := range []string{"/", "/reports?page=2&text=%22%3E%3Cscript%3E", "/trends/a'b;url=x?system=LABO"} {
		leave, err := url.Parse(newWatch(w, &Watch{}, path).Leave)
		if err != nil || leave.Query().Get(Unattended) != "1" || !strings.HasPrefix(leave.String(), path) {
			t.Errorf("%s leaves to %v (%v)", path, leave, err)
		}
	}
}

func TestScriptIsSmallAndAsksOnlyItsOwnServer(t *testing.T) {
	w := newWeb(t)
	script := string(w.static.files[w.static.scriptHref].plain)
	if len(script) > 8000 {
		t.Errorf("%d bytes", len(script))
	}
	for _, word := range []string{"localStorage", "sessionStorage", "indexedDB", "caches", "document.cookie", "innerHTML", "eval", "://", "import"} {
		if strings.Contains(script, word) {
			t.Errorf("the script has %s (DT10.b)", word)
		}
	}
}
