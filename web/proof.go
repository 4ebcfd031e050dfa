package web

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"guichet/record"
)

// ProofPage is a line of the access log, and in plain words what proves it
// (TR3.e).
type ProofPage struct {
	Base
	Patient *record.Patient
	Access  record.Access
	Signed  bool   // the log has a key that anybody can check with
	Proof   *Proof // nil where Signed says no, or where the line has no place yet
}

// Proof is where a line stands in the log.
type Proof struct {
	Log        string // the name of the log, as its key has it
	Place      int64
	Size       int64     // of the log, at its checkpoint
	At         time.Time // of the checkpoint
	Line, Root [32]byte  // hashes
	Others     bool      // the bytes of the entry name other people: no file of it is given
}

// Paths of what a stranger needs to check a proof.
const (
	KeyPath        = "/legal/traces.pub"
	CheckpointPath = "/legal/checkpoint"
)

type proofPage struct {
	patient *identityLine
	Line    *accessLine
	Signed  bool
	Proof   *proofLine
	Path    string // of this page
	Key     string
	Latest  string
	Command []commandPart // that checks the proof
}

// commandPart is a part of a command; no line may break within a whole one.
type commandPart struct {
	Words string
	Whole bool
}

func (p proofPage) section() (string, *identityLine) { return "access-log", p.patient }

type proofLine struct {
	File       string // empty where none is given
	Log        string
	Place      string
	Size       string
	When       string
	ISO        string
	Line, Root string
}

func (p ProofPage) view(l *language) (string, Base, any) {
	content := proofPage{patient: l.newIdentityLine(p.Patient, p.Now), Line: l.newAccessLine(&p.Access), Signed: p.Signed, Path: linePath(p.Access.Entry) + "/proof",
		Key: KeyPath, Latest: CheckpointPath, Command: []commandPart{{"guichet traces verify", false}, {"--proof", true}, {ProofFile(p.Access.Entry), false}, {"--key", true}, {"traces.pub", false}}}
	content.Line.When = upperFirst(content.Line.When)
	content.Line.Report = reportable(&p.Access)
	if proof := p.Proof; proof != nil {
		file := content.Path + ".tlog-proof"
		if proof.Others {
			file = ""
		}
		content.Proof = &proofLine{File: file, Log: proof.Log, Place: l.grouped(proof.Place), Size: l.grouped(proof.Size),
			When: l.dayAndHour(proof.At, time.Time{}), ISO: proof.At.In(paris).Format(time.RFC3339), Line: spelt(proof.Line), Root: spelt(proof.Root)}
	}
	return "proof", p.Base, content
}

// linePath is the address of a line of the access log.
func linePath(entry int64) string { return "/access-log/" + strconv.FormatInt(entry, 10) }

// ProofFile is what the file of a proof is called: it says nothing of anybody.
func ProofFile(entry int64) string { return "guichet-" + strconv.FormatInt(entry, 10) + ".tlog-proof" }

// grouped writes a whole number with its thousands apart.
func (l *language) grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	_, thousands := l.marks()
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + thousands + digits[i:]
	}
	return digits
}

// spelt writes a hash in groups that can be compared by eye.
func spelt(hash [32]byte) string {
	digits := hex.EncodeToString(hash[:])
	groups := make([]string, 0, len(digits)/4)
	for i := 0; i < len(digits); i += 4 {
		groups = append(groups, digits[i:i+4])
	}
	return strings.Join(groups, " ")
}
