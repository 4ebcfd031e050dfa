package main

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// page is an answer the WAF makes itself. Its text stands alone: no style, no
// script, nothing from the portal, which may be down.
type page struct {
	status         int
	title, message string
	retryAfter     int // seconds; 0 leaves the header out
}

var (
	pageMisunderstood = page{status: http.StatusBadRequest, title: "Demande incomprise",
		message: "L’adresse demandée n’est pas valable. Vérifiez-la, ou repartez de l’accueil."}
	pageRefused = page{status: http.StatusForbidden, title: "Demande refusée",
		message: "Par sécurité, cette demande a été refusée. Si vous avez rempli un formulaire, essayez de le reformuler plus simplement."}
	pageTooLarge = page{status: http.StatusRequestEntityTooLarge, title: "Envoi trop volumineux",
		message: "Ce que vous envoyez dépasse la taille acceptée."}
	pageTimedOut = page{status: http.StatusRequestTimeout, title: "Envoi interrompu",
		message: "Votre envoi n’est pas arrivé en entier. Vérifiez votre connexion, puis recommencez."}
	pageMisdirected = page{status: http.StatusMisdirectedRequest, title: "Adresse inconnue",
		message: "Ce service ne répond pas à cette adresse."}
	pageUnavailable = page{status: http.StatusServiceUnavailable, title: "Service momentanément indisponible",
		message: "Le service ne répond pas pour le moment. Vos données ne sont pas en cause. Réessayez dans quelques minutes.", retryAfter: 30}
)

const layout = `<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{message}</p>
<p>Si vous appelez le support, donnez cette référence : <strong>{reference}</strong></p>
<p><a href="/">Revenir à l’accueil</a></p>
</main>
</body>
</html>
`

// write sends the page. The reference is ours, hexadecimal; nothing of the
// request stands in a page.
func (p page) write(w http.ResponseWriter, reference string) {
	text := strings.NewReplacer("{title}", p.title, "{message}", p.message, "{reference}", reference).Replace(layout)
	header := w.Header()
	connection := header.Get("Connection")
	clear(header) // a failed answer of the portal may have left some
	if connection != "" {
		header.Set("Connection", connection)
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	header.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains") // DT6.a
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	w.WriteHeader(p.status)
	_, _ = io.WriteString(w, text) // the client is gone if this fails
}

// reference shortens a request identifier for a telephone call: 3F2A-91BC.
func reference(id string) string {
	if len(id) < 8 {
		return ""
	}
	short := strings.ToUpper(id[:8])
	return short[:4] + "-" + short[4:]
}
