package fhir

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"
)

// What the sender reads when all is stored.
const (
	stored      = "Enregistré."
	onlyContext = "Conservée dans l'original scellé de l'envoi ; n'est pas une ressource de ce service."
)

// An Answer is what a message that was stored is answered with. The same
// message is answered the same, byte for byte.
type Answer struct {
	Status   int
	Location string // relative to the base; empty where nothing was made
	Body     []byte
}

type (
	answerBundle struct {
		ResourceType string        `json:"resourceType"`
		Type         string        `json:"type"`
		Entry        []answerEntry `json:"entry"`
	}
	answerEntry struct {
		Response *answerResponse `json:"response,omitempty"`
		Resource any             `json:"resource,omitempty"`
	}
	answerResponse struct {
		Status   string   `json:"status"`
		Location string   `json:"location,omitempty"`
		Outcome  *outcome `json:"outcome,omitempty"`
	}
	answerHeader struct {
		ResourceType string          `json:"resourceType"`
		EventCoding  json.RawMessage `json:"eventCoding,omitempty"`
		EventURI     json.RawMessage `json:"eventUri,omitempty"`
		Source       answerSource    `json:"source"`
		Response     answerTo        `json:"response"`
	}
	answerSource struct {
		Endpoint string `json:"endpoint"`
	}
	answerTo struct {
		Identifier string `json:"identifier"`
		Code       string `json:"code"`
	}
)

// Answer returns the answer to m, once it is stored; endpoint is the address
// it came to.
func (m *Message) Answer(endpoint string) Answer {
	switch {
	case m.BundleType == "transaction" || m.BundleType == "batch":
		return m.answerEntries()
	case m.BundleType == "message" && m.header != "":
		return m.answerMessage(endpoint)
	case m.BundleType == "message":
		return Answer{Status: http.StatusOK, Body: encode(informed(stored))}
	case m.Kind == "Bundle":
		return Answer{Status: http.StatusCreated, Location: "Bundle/" + m.newID(-1), Body: encode(informed(stored))}
	case m.Entries[0].Update:
		return Answer{Status: http.StatusOK, Body: encode(informed(stored))}
	}
	return Answer{Status: http.StatusCreated, Location: m.Kind + "/" + m.newID(0), Body: encode(informed(stored))}
}

// answerEntries answers a transaction or a batch, entry by entry.
func (m *Message) answerEntries() Answer {
	b := answerBundle{ResourceType: "Bundle", Type: m.BundleType + "-response", Entry: []answerEntry{}}
	for i, entry := range m.Entries {
		response := &answerResponse{Status: "201 Created", Location: entry.Type + "/" + m.newID(i)}
		switch {
		case !entry.Ours:
			response = &answerResponse{Status: "200 OK", Outcome: informed(onlyContext)}
		case entry.Update:
			response = &answerResponse{Status: "200 OK", Location: entry.Type + "/" + entry.ID}
		}
		b.Entry = append(b.Entry, answerEntry{Response: response})
	}
	return Answer{Status: http.StatusOK, Body: encode(b)}
}

// answerMessage answers a FHIR message with one.
func (m *Message) answerMessage(endpoint string) Answer {
	header := answerHeader{ResourceType: "MessageHeader", Source: answerSource{Endpoint: endpoint}, Response: answerTo{Identifier: m.header, Code: "ok"}}
	if m.event != nil && m.event[0] == '"' {
		header.EventURI = m.event
	} else {
		header.EventCoding = m.event
	}
	return Answer{Status: http.StatusOK, Body: encode(answerBundle{ResourceType: "Bundle", Type: "message", Entry: []answerEntry{{Resource: header}}})}
}

// newID names a resource that was made of entry n. It follows from the message
// alone, so that a resend is answered the same; it says nothing about where
// the data lies.
func (m *Message) newID(n int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(m.digest[:], uint64(n)+1)) // #nosec G115 -- from -1 up
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0F|0x80, id[8]&0x3F|0x80 // RFC 9562, version 8
	return id.String()
}
