// Package mischief is what an OpenID provider can do wrong, fault by fault, for
// the two fictitious providers that do it on order: authtest in tests, and
// cmd/idpsim where a person can watch. Each [Fault] breaks one thing that a
// relying party must notice. Nothing of the product imports it.
package mischief
