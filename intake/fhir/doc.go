// Package fhir reads what the hospital's systems send as FHIR R4 JSON:
// Bundles and single resources, into package record.
//
// It trusts nobody: a message is bytes of unknown length and intent. It
// promises that a message is either understood whole or answered with Problems
// that say what is wrong and where, without repeating any value; that digits,
// units, intervals and flags are handed on exactly as sent; that no result of
// an accepted message is lost; and that nothing it returns as an error holds
// personal data (DT1.a, DT1.d).
package fhir
