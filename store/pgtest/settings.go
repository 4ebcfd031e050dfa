package pgtest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ownSettings are those of every cluster: durable, on the Unix socket alone,
// and with no statement or value in the log, where health data would lie
// clear.
func ownSettings() map[string]string {
	return map[string]string{
		"listen_addresses":        "",
		"unix_socket_permissions": "0777", // the folder's mode guards it
		"max_connections":         "100",
		"password_encryption":     "scram-sha-256",

		"fsync":                     "on",
		"full_page_writes":          "on",
		"synchronous_commit":        "on",
		"max_prepared_transactions": "0",
		"wal_writer_delay":          "10ms",

		"shared_buffers": "64MB",
		"jit":            "off",

		"log_destination":                   "stderr",
		"logging_collector":                 "off",
		"log_line_prefix":                   "%m [%p] %q%u@%d ",
		"log_timezone":                      "UTC",
		"log_statement":                     "none",
		"log_min_duration_statement":        "-1",
		"log_min_duration_sample":           "-1",
		"log_duration":                      "off",
		"log_parameter_max_length":          "0",
		"log_parameter_max_length_on_error": "0",
		"log_error_verbosity":               "terse",
		"log_min_error_statement":           "panic",
		"debug_print_parse":                 "off",
		"debug_print_rewritten":             "off",
		"debug_print_plan":                  "off",
		"track_activity_query_size":         "128",

		"timezone":                   "UTC",
		"lc_messages":                "C",
		"lc_monetary":                "C",
		"lc_numeric":                 "C",
		"lc_time":                    "C",
		"default_text_search_config": "pg_catalog.simple",
	}
}

// configure writes the cluster's configuration anew, so that an existing
// cluster gets the settings of this version.
func (c *Cluster) configure(ctx context.Context) error {
	if err := c.account.makeFolder(c.sockets); err != nil {
		return err
	}
	starter, err := starterName()
	if err != nil {
		return err
	}
	settings := ownSettings()
	settings["unix_socket_directories"] = c.sockets
	settings["port"] = strconv.Itoa(c.port)
	if err := c.configureTLS(settings); err != nil {
		return err
	}
	if c.primary != nil {
		settings["primary_conninfo"] = fmt.Sprintf("host=%s port=%d user=postgres application_name=standby", c.primary.sockets, c.primary.port)
	}
	maps.Copy(settings, c.settings)
	if err := c.writeConf(settings); err != nil {
		return err
	}
	if err := c.preferLZ4(ctx, settings); err != nil {
		return err
	}
	if err := c.account.writeFile(filepath.Join(c.data, "pg_hba.conf"), []byte(accessRules(c.tls != nil))); err != nil {
		return err
	}
	return c.account.writeFile(filepath.Join(c.data, "pg_ident.conf"), []byte(nameMap(starter, c.account.name)))
}

// preferLZ4 chooses lz4 where the server was built with it: it halves the WAL,
// and costs a fraction of what the default does for the long rows of a trace.
func (c *Cluster) preferLZ4(ctx context.Context, settings map[string]string) error {
	const pages, rows = "wal_compression", "default_toast_compression"
	_, pagesGiven := settings[pages]
	_, rowsGiven := settings[rows]
	if pagesGiven || rowsGiven {
		return nil
	}
	if _, err := c.output(ctx, "postgres", "-D", c.data, "-c", rows+"=lz4", "-c", pages+"=lz4", "-C", pages); err != nil {
		return nil // a choice of whoever built the server
	}
	settings[pages], settings[rows] = "lz4", "lz4"
	return c.writeConf(settings)
}

func (c *Cluster) writeConf(settings map[string]string) error {
	var b strings.Builder
	b.WriteString("# Written at every start.\n")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	return c.account.writeFile(filepath.Join(c.data, "postgresql.conf"), []byte(b.String()))
}

// configureTLS copies the files into the data folder, since the server wants a
// key of its own, and opens the loopback address.
func (c *Cluster) configureTLS(settings map[string]string) error {
	if c.tls == nil {
		return nil
	}
	for name, from := range map[string]string{"tls-ca.pem": c.tls.CA, "tls-server.pem": c.tls.Certificate, "tls-server.key": c.tls.Key} {
		content, err := os.ReadFile(from) // #nosec G304 -- the caller names the files
		if err != nil {
			return fmt.Errorf("read TLS file: %w", err)
		}
		if err := c.account.writeFile(filepath.Join(c.data, name), content); err != nil {
			return err
		}
	}
	settings["listen_addresses"] = "127.0.0.1"
	settings["ssl"] = "on"
	settings["ssl_min_protocol_version"] = "TLSv1.3"
	settings["ssl_ca_file"] = "tls-ca.pem"
	settings["ssl_cert_file"] = "tls-server.pem"
	settings["ssl_key_file"] = "tls-server.key"
	return nil
}

// accessRules is pg_hba.conf: the superuser and the owner by the name that the
// kernel vouches for, over the socket only; everybody else by password, and
// over TCP by a certificate of their own besides.
func accessRules(tls bool) string {
	rules := `local all postgres,guichet_owner peer map=starter
local replication postgres peer map=starter
local all all scram-sha-256
`
	if tls {
		rules += `hostssl all postgres,guichet_owner all reject
hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-full
`
	}
	return rules
}

// nameMap is pg_ident.conf: who may come as superuser or owner.
func nameMap(starter, server string) string {
	lines := fmt.Sprintf("starter %[1]q postgres\nstarter %[1]q guichet_owner\n", starter)
	if server != starter {
		lines += fmt.Sprintf("starter %q postgres\n", server)
	}
	return lines
}
