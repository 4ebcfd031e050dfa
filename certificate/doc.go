// Package certificate says whether the certificate of a system at the other
// end of a connection still holds: that nobody revoked it (AA3.b), that it has
// not run out since it was shown (AA3.a), and what will run out soon.
//
// A [Checker] works on chains that crypto/tls has verified, and never instead
// of it: it can only refuse more. So every address it fetches from was written
// by an authority that this installation trusts, and every list or answer it
// heeds is signed by the authority that issued the certificate in question.
//
// It asks, in this order: the lists in files of this installation, the answer
// that the peer brought along (stapled OCSP), the lists that the certificate
// names, the OCSP responder that it names. A revocation known from any of them
// is final; else the first that knows the certificate decides. When none does,
// a setting says what happens, and refusal is its default.
package certificate
