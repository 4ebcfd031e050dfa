//go:build !race

package fhir

const raced = false
