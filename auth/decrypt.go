package auth

import (
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// encryptions are the key encryptions that may be agreed with a provider. The
// content is always encrypted with A256GCM, as FranceConnect+ has it.
var encryptions = []string{string(jose.RSA_OAEP_256), string(jose.ECDH_ES)}

// decrypt returns the signed token within what the provider sent: where
// encryption was agreed nothing else passes, and where it was not, nothing
// encrypted does.
func (p *Provider) decrypt(raw, what string) (string, *Refusal) {
	if p.encryption == "" {
		return raw, nil
	}
	if strings.Count(raw, ".") == 2 {
		return "", refuse(ReasonPlain, what+" is not encrypted")
	}
	h, ok := readHeader(raw, 5)
	if !ok {
		return "", refuse(ReasonEncryption, what+" is not a compact encrypted token")
	}
	// Nothing is compressed before it is encrypted (its length would tell of
	// its content, and a small token could open into a large one), and nothing
	// critical is known beyond the standard.
	if h.has("zip") || h.has("crit") {
		return "", refuse(ReasonEncryption, what+" has a header that was not agreed")
	}
	if h.has("cty") && !strings.EqualFold(h.text("cty"), "JWT") {
		return "", refuse(ReasonEncryption, what+" does not hold a token")
	}
	jwe, err := jose.ParseEncryptedCompact(raw, []jose.KeyAlgorithm{jose.KeyAlgorithm(p.encryption)}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return "", refuse(ReasonEncryption, what+" is encrypted otherwise than agreed")
	}
	keys, err := p.clientKeys()
	if err != nil {
		return "", refuse(ReasonEncryption, "our own keys cannot be read")
	}
	for _, key := range keys.named(h.text("kid")) {
		if signed, err := jwe.Decrypt(key.Key); err == nil {
			return string(signed), nil
		}
	}
	return "", refuse(ReasonEncryption, what+" is not encrypted for a key of ours")
}

// isEncryption reports whether a key encryption may be agreed.
func isEncryption(algorithm string) bool { return slices.Contains(encryptions, algorithm) }
