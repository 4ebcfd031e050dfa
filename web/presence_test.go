package web

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// A page of a session has the script, the question in the reader's words, and
// a way out for browsers without scripts; any other page has none of them.
func TestPagesOfASessionWatchOverIt(t *testing.T) {
	w := newWeb(t)
	inEveryLanguage(t, func(t *testing.T, l Language, name string, page Page) {
		_, base, _ := page.view(w.in(l))
		doc, source := renderedPage(t, w, page)
		want := 0
		if base.Watch != nil {
			want = 1
		}
		for _, tag := range []string{"script", "dialog", "noscript"} {
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
		dialog := all(doc, tagged("dialog"))[0]
		for key, want := range map[string]string{"role": "alertdialog", "data-idle": "900", "data-session": "0123456789abcdef"} {
			if got, _ := attr(dialog, key); got != want {
				t.Errorf("%s=%q, want %q", key, got, want)
			}
		}
		if _, open := attr(dialog, "open"); open {
			t.Error("without the script the question stands open")
		}
	})
}

func TestTheQuestionIsWordedAsDesigned(t *testing.T) {
	w := newWeb(t)
	for l, want := range map[Language][]string{
		French:  {"Êtes-vous toujours là ?", "Pour protéger vos données, la session se ferme après sans action.", "Fermeture à .", "Continuer ma session", "Se déconnecter"},
		English: {"Are you still there?", "To protect your data, the session closes after without action.", "Closing at .", "Keep my session", "Sign out"},
	} {
		base := signedIn(t)
		base.Language = l
		doc, _ := renderedPage(t, w, NotFoundPage{base})
		text := strings.Join(strings.Fields(plain(textOf(all(doc, tagged("dialog"))[0]))), " ")
		for _, sentence := range want {
			if !strings.Contains(text, sentence) {
				t.Errorf("%s: the question is %q, without %q", l, text, sentence)
			}
		}
	}
	at := instant(t, "2026-11-19 10:47")
	if got := w.Standing(French, at, at.Add(time.Hour), 15*time.Minute); plain(got.IdleAt) != "10 h 47" || plain(got.EndsAt) != "11 h 47" || plain(got.Idle) != "15 minutes" {
		t.Errorf("French: %+v", got)
	}
	if got := w.Standing(English, at, at.Add(time.Hour), time.Minute); got.IdleAt != "10:47" || plain(got.Idle) != "1 minute" {
		t.Errorf("English: %+v", got)
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
