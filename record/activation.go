package record

import (
	"crypto/rand"
	"errors"
	"strings"
)

// An ActivationCode leads one person to one record, once. It is 27 random
// characters of Crockford's alphabet, 135 bits (AA6.a), and one that checks
// them: a mistyped code is told from a wrong one without asking anybody.
type ActivationCode string

const (
	crockford  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // no I, L, O, U
	codeLength = 28
	codeGroup  = 4
)

// NewActivationCode returns a code that nobody can foretell.
func NewActivationCode() ActivationCode {
	b := make([]byte, codeLength-1)
	_, _ = rand.Read(b) // never fails, by its contract
	for i := range b {
		b[i] = crockford[b[i]%32]
	}
	return ActivationCode(string(b) + string(checkOf(b)))
}

// ParseActivationCode reads a code as people type it: in any case, with or
// without what sets its groups apart, with O for 0 and I or L for 1.
func ParseActivationCode(text string) (ActivationCode, error) {
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\u00a0', '\u2010', '\u2011', '\u2013', '\t', '.':
			return -1
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(text)))
	if len(text) != codeLength || strings.Trim(text, crockford) != "" || checkOf([]byte(text[:codeLength-1])) != text[codeLength-1] {
		return "", errors.New("not an activation code")
	}
	return ActivationCode(text), nil
}

// checkOf is the check character of Luhn's algorithm, modulo 32.
func checkOf(code []byte) byte {
	sum := 0
	for i := range code {
		n := strings.IndexByte(crockford, code[len(code)-1-i])
		if i%2 == 0 {
			n *= 2
			n = n/32 + n%32
		}
		sum += n
	}
	return crockford[(32-sum%32)%32]
}

// Groups returns the code as it is printed: ABCD-EFGH-…
func (c ActivationCode) Groups() string {
	var groups []string
	for i := 0; i < len(c); i += codeGroup {
		groups = append(groups, string(c[i:min(i+codeGroup, len(c))]))
	}
	return strings.Join(groups, "-")
}

// String keeps a code out of any text but the letter's.
func (ActivationCode) String() string { return "[activation code]" }

// GoString keeps a code out of any text.
func (c ActivationCode) GoString() string { return c.String() }
