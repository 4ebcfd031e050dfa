// Package configs reads what an installation is configured with: one TOML file
// a program, every field of which the environment may override. It is closed by
// default: an unknown name, a missing field, a weak or absurd value stops the
// start, and all of them are said at once, without their values.
//
// Secrets never stand in a configuration. It names files of mode 0600, which
// ReadSecret turns into values that do not print; ServerTLS and ClientTLS turn
// certificate files into the TLS settings every connection of the project uses.
package configs
