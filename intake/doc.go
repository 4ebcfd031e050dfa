// Package intake reads what the hospital's systems send: HL7 v2 messages,
// over MLLP, into package record.
//
// It trusts nobody: a message is bytes of unknown length, encoding and intent.
// It promises that a message is either understood whole or answered with a
// Problem that says what is wrong and where, without repeating any value; that
// digits, units, intervals and flags are handed on exactly as sent (a flag in
// the capitals of its table); and that nothing it logs or returns as an error
// holds personal data (DT1.a, DT1.d).
package intake
