package demo

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// roleNames are the roles as the table calls them.
var roleNames = map[string]string{
	"patient": "patient", "guardian": "représentant", "unknown": "inconnu de l'hôpital",
	"physician": "médecin", "nurse": "infirmier", "administrator": "informatique", "officer": "traces",
}

var providerNames = map[string]string{
	"franceconnect": "FranceConnect+", "psc": "Pro Santé Connect", "console": "console (à venir)",
}

// printTable tells people where to go, as whom, and what to trust.
func (d *demo) printTable() error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nGuichet est prêt : %s\n", d.ports.url(d.ports.waf))
	b.WriteString("Démonstration : toutes les personnes et tous les résultats sont fictifs.\n\n")

	lines := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	address := func(name, value string) { fmt.Fprintf(lines, "  %s\t%s\n", name, value) }
	address("Portail", d.ports.url(d.ports.waf))
	address("Messages HL7 v2", "MLLP sur TLS mutuel, "+d.ports.address(d.ports.mllp))
	address("Messages FHIR R4", d.fhirURL()+", TLS mutuel")
	address("Supervision", "http://"+d.ports.listen(d.ports.ops)+"/readyz, /metrics")
	address("Fournisseurs", d.ports.url(d.ports.providers)+"/franceconnect, /psc (fictifs)")
	address("Pour les scripts", d.folder.path("ready.json"))
	address("Journaux", d.folder.path("log"))
	address("Pour --config", d.folder.path("guichet.toml"))

	fmt.Fprintln(lines, "\n  Qui peut se connecter\tRôle\tPar\tÀ savoir")
	for _, p := range d.people {
		fmt.Fprintf(lines, "  %s\t%s\t%s\t%s\n", p.Name, roleNames[p.Role], providerNames[p.Provider], p.Note)
	}
	if err := lines.Flush(); err != nil {
		return fmt.Errorf("lay out table: %w", err)
	}

	fmt.Fprintf(&b, `
  Le navigateur ne connaît pas encore l'autorité de certification de cette démonstration.
  Importez %s comme autorité de confiance :
    Firefox   Paramètres, Vie privée et sécurité, Certificats, Afficher les certificats, Autorités, Importer
    Chromium  Paramètres, Confidentialité et sécurité, Sécurité, Gérer les certificats, Autorités, Importer
    curl      curl --cacert %[1]s %s
  Elle ne vaut que pour cette machine (localhost).

  Ctrl-C arrête tout. Les données restent dans %s ; --fresh repart de zéro.

`, d.folder.path("ca.pem"), d.ports.url(d.ports.waf), d.folder.root)
	d.supervisor.report(strings.TrimSuffix(b.String(), "\n"))
	return nil
}
