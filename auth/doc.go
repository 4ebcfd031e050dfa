// Package auth is the OpenID relying party: it signs patients in through
// FranceConnect and health professionals through Pro Santé Connect, and
// through nothing else (GA2.b, GA2.c). Guichet holds no password.
//
// It trusts the provider's TLS certificate, and within it the keys of the
// provider's key set. It trusts nothing that a browser carries: what belongs
// to a sign-in under way travels in one sealed cookie, lives ten minutes and
// serves once.
//
// A [Login] is returned only after every check has passed, in this order:
// the attempt is this browser's own, for this provider, and not too old; the
// state is the attempt's; the issuer parameter, where there is one, is the
// provider's; the provider reports no error; the code is exchanged, once,
// without retry; the ID token is encrypted for us, where that was agreed, and
// signed with an agreed algorithm by a key of the provider, for us alone, now, at the level asked for, and answers our
// nonce; the userinfo comes from the same provider about the same person; and
// the traits it holds are complete and well formed. Anything else is a
// [Refusal], whose reason is one of a closed list and whose text holds no
// value that came from outside.
//
// go-oidc checks the form and the expiry. The encryption, the key set, the issuer, the nonce, the
// level, the times, the audience, the authorised party and everything about
// the userinfo are checked here, since go-oidc leaves them to its caller.
package auth
