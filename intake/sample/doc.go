// Package sample makes fictitious French patients and the laboratory messages
// about them, for the demo and the tests. Everything is drawn from a seed, so
// the same seed gives the same bytes; every INS is under the OID for tests; no
// person is meant.
package sample
