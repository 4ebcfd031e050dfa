package auth_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet/auth"
)

// TestReasonsAreThoseOfTheStore: a reason that the database does not know could
// not be traced, and the person would be told that we are not available.
func TestReasonsAreThoseOfTheStore(t *testing.T) {
	text, err := os.ReadFile("../store/functions/refuse_sign_in.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "reason NOT IN (")
	list, _, found := strings.Cut(list, ")")
	if !found {
		t.Fatal("refuse_sign_in has no list of reasons")
	}
	var stored []auth.Reason
	for _, word := range regexp.MustCompile(`'([a-z-]+)'`).FindAllStringSubmatch(list, -1) {
		stored = append(stored, auth.Reason(word[1]))
	}
	if !slices.Equal(stored, auth.Reasons) {
		t.Errorf("the store takes %q, auth gives %q", stored, auth.Reasons)
	}
}

// TestReasonsAreAllListed reads our own source: a reason left out of the list
// would be refused by the store when it first occurs.
func TestReasonsAreAllListed(t *testing.T) {
	source, err := os.ReadFile("refusal.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`Reason\s+= "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(named) != len(auth.Reasons) {
		t.Errorf("%d reasons are named, %d are listed", len(named), len(auth.Reasons))
	}
	for _, n := range named {
		if !slices.Contains(auth.Reasons, auth.Reason(n[1])) {
			t.Errorf("%s is not listed", n[1])
		}
	}
}
