// Idpsim is the fictitious FranceConnect and Pro Santé Connect of the
// demonstration and the tests: two OpenID providers over HTTPS, as strict as
// the real ones where a relying party could go wrong, whose people are listed
// in the configuration and sign in by choosing their name. It must never stand
// in front of real data.
//
//	idpsim --config FILE
//
// Below the public URL, with https://localhost:8448 as an example:
//
//	franceconnect                        psc
//	issuer  …/franceconnect              …/psc
//	GET     /authorize                   /authorize
//	POST    /token                       /token
//	GET     /userinfo (signed, JWT)      /userinfo (JSON)
//	GET     /jwks                        /jwks
//	GET     /session/end                 /logout
//	GET     /.well-known/openid-configuration, at both
//
// To a client that publishes keys FranceConnect is FranceConnect+: levels begin
// at eidas2, and the ID token and the userinfo are encrypted for the first of
// those keys, which are asked for again after a minute. Pro Santé Connect has its
// discovery document at /.well-known/wallet-openid-configuration too. Both take an
// assertion (private_key_jwt) where the client is configured so.
//
// The form has a second list, of faults: whoever chooses one sees what becomes
// of a sign-in at a provider that does one thing wrong (package mischief).
//
// FranceConnect signs with ES256, takes client_secret_post only, answers a
// parameter it does not know (a PKCE challenge among them) with its error page
// Y030007, and names itself in the callback (RFC 9207). Pro Santé Connect
// signs with RS256, takes PKCE with S256, and gives an at_hash.
//
// Keys are made at start and live in memory: a relying party fetches them
// again when it meets an unknown one. Nothing is written to disk and no trait
// is logged. The exit status is 0 after an orderly end, 1 after a failure and
// 2 after misuse.
package main
