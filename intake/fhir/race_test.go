//go:build race

package fhir

// raced: under the race detector, which takes ten times as long, a test of
// everything takes a part.
const raced = true
