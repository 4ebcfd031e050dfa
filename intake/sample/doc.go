// Package sample makes fictitious French patients, their laboratory results over
// up to ten years, and the messages about them, as HL7 v2 and as FHIR R4: for the
// demo, for tests and for whoever tries Guichet out (GP6.b).
//
// It trusts nothing, since it reads nothing but its own tables. It promises that
// no person is meant: names and results are drawn, every INS is under the OID for
// tests; that the same seed and the same now give the same bytes on every machine;
// and that a message says the same in both formats.
package sample
