package fhir

import "strconv"

// revision is the day when what we say of ourselves last changed.
const revision = "2026-11-22"

// Capability is what the CapabilityStatement says of one installation.
type Capability struct {
	URL      string // of the base
	Version  string // of the program
	MaxBytes int    // of a message
}

type (
	capabilityStatement struct {
		ResourceType   string               `json:"resourceType"`
		Status         string               `json:"status"`
		Date           string               `json:"date"`
		Kind           string               `json:"kind"`
		Software       capabilitySoftware   `json:"software"`
		Implementation capabilityPlace      `json:"implementation"`
		FHIRVersion    string               `json:"fhirVersion"`
		Format         []string             `json:"format"`
		Rest           []capabilityRest     `json:"rest"`
		Document       []capabilityDocument `json:"document"`
	}
	capabilitySoftware struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	capabilityPlace struct {
		Description string `json:"description"`
		URL         string `json:"url,omitempty"`
	}
	capabilityRest struct {
		Mode          string                  `json:"mode"`
		Documentation string                  `json:"documentation"`
		Security      capabilitySecurity      `json:"security"`
		Resource      []capabilityResource    `json:"resource"`
		Interaction   []capabilityInteraction `json:"interaction"`
	}
	capabilitySecurity struct {
		Service     []capabilityConcept `json:"service"`
		Description string              `json:"description"`
	}
	capabilityConcept struct {
		Coding []outcomeCoding `json:"coding"`
	}
	capabilityResource struct {
		Type              string                  `json:"type"`
		Documentation     string                  `json:"documentation"`
		Interaction       []capabilityInteraction `json:"interaction"`
		Versioning        string                  `json:"versioning"`
		ReadHistory       bool                    `json:"readHistory"`
		UpdateCreate      bool                    `json:"updateCreate"`
		ConditionalCreate bool                    `json:"conditionalCreate"`
		ConditionalUpdate bool                    `json:"conditionalUpdate"`
		ConditionalDelete string                  `json:"conditionalDelete"`
	}
	capabilityInteraction struct {
		Code          string `json:"code"`
		Documentation string `json:"documentation,omitempty"`
	}
	capabilityDocument struct {
		Mode          string `json:"mode"`
		Documentation string `json:"documentation"`
		Profile       string `json:"profile"`
	}
)

const (
	docRest = "Guichet reçoit des résultats et ne les rend pas par cette interface : aucune lecture, aucune recherche, aucun effacement. " +
		"Un envoi concerne un seul patient, présent dans l'envoi ; il est enregistré en entier ou pas du tout, et n'est confirmé qu'une fois enregistré. " +
		"Le même envoi répété reçoit la même réponse et ne change rien. Ce que FHIR impose de comprendre et que Guichet ne comprend pas " +
		"(modifierExtension, implicitRules, étiquettes de confidentialité restrictives, requêtes conditionnelles) est refusé. " +
		"Les autres ressources sont conservées dans l'original scellé de l'envoi : elles donnent le laboratoire, le prescripteur, le prélèvement et le numéro de demande. " +
		"L'adresse rendue pour une ressource créée la nomme ; elle ne se lit pas."
	docSecurity    = "TLS avec certificat client (mTLS), délivré par l'autorité que l'établissement désigne."
	docPatient     = "Traits d'identité (nom de naissance, prénoms, date et lieu de naissance, sexe) et identifiants : INS (urn:oid:1.2.250.1.213.1.4.8 à .11) ou numéro local. Un identifiant connu avec d'autres traits est refusé."
	docReport      = "Compte rendu avec ses résultats, dans le même Bundle ou contenus. Un compte rendu de même identifiant remplace le précédent."
	docObservation = "Résultat, seul, groupé (hasMember, component) ou nommé par un DiagnosticReport. Un résultat de même identifiant remplace le précédent."
	docBundle      = "Bundle de type transaction, batch, message ou document ; les autres types sont refusés."
	docTransaction = "Entrées POST et PUT seulement. ifNoneExist n'est admis que sur l'identifiant du Patient lui-même, ce qui est toujours la règle ici."
	docBatch       = "Traité comme une transaction : en entier ou pas du tout."
	docDocument    = "Envoyé à la base ou à Bundle ; le premier élément est la Composition."
)

// CapabilityStatement says what this service does, as FHIR says it.
func CapabilityStatement(c Capability) []byte {
	updates := []capabilityInteraction{{Code: "create"}, {Code: "update"}}
	resource := func(kind, documentation string, interactions []capabilityInteraction) capabilityResource {
		return capabilityResource{Type: kind, Documentation: documentation, Interaction: interactions, Versioning: "no-version", UpdateCreate: true, ConditionalDelete: "not-supported"}
	}
	return encode(capabilityStatement{
		ResourceType: "CapabilityStatement", Status: "active", Date: revision, Kind: "instance",
		Software:       capabilitySoftware{Name: "Guichet", Version: c.Version},
		Implementation: capabilityPlace{Description: "Guichet, réception des résultats", URL: c.URL},
		FHIRVersion:    "4.0.1", Format: []string{"application/fhir+json", "json"},
		Rest: []capabilityRest{{
			Mode: "server", Documentation: docRest + " Taille d'un envoi : " + strconv.Itoa(c.MaxBytes>>20) + " Mio" + " au plus.",
			Security: capabilitySecurity{Description: docSecurity, Service: []capabilityConcept{{Coding: []outcomeCoding{
				{System: "http://terminology.hl7.org/CodeSystem/restful-security-service", Code: "Certificates"}}}}},
			Resource: []capabilityResource{resource("Patient", docPatient, updates), resource("DiagnosticReport", docReport, updates),
				resource("Observation", docObservation, updates), resource("Bundle", docBundle, updates[:1])},
			Interaction: []capabilityInteraction{{Code: "transaction", Documentation: docTransaction}, {Code: "batch", Documentation: docBatch}},
		}},
		Document: []capabilityDocument{{Mode: "consumer", Documentation: docDocument, Profile: "http://hl7.org/fhir/StructureDefinition/Bundle"}},
	})
}
