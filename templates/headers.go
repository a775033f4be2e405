package templates

import (
	"net/http"
	"net/url"
	"strings"
)

// setHeaders sets what every page is sent with. No page runs a script or a style that is not a file of ours.
func (p *Pages) setHeaders(h http.Header, page Page, lang string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Content-Security-Policy", p.contentSecurityPolicy(page))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for WebViews older than frame-ancestors
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", openerPolicy(page))
	h.Add("Vary", "Accept-Language, Cookie")
	if p.brand.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// openerPolicy isolates the person's own pages. A page that is part of a request may stand in a window that a mini app
// opened and waits for; isolated, that window would be lost to it for good, also once it is back on the app's own page.
func openerPolicy(page Page) string {
	switch page.(type) {
	case *Account, *Apps, *SignOut, *Developer, *DeveloperMiniApp, *DeveloperStep, *DeveloperReview:
		return "same-origin"
	case *AdminReviews, *AdminApps, *AdminApp, *AdminAgain:
		return "same-origin"
	}
	return "unsafe-none"
}

func (p *Pages) contentSecurityPolicy(page Page) string {
	return "default-src 'none'; style-src 'self'; img-src " + p.images + "; script-src 'self'; connect-src 'self'; " +
		"font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + formAction(page)
}

// formAction is where forms of a page may lead. Browsers hold the whole chain of redirects after a form against it, and
// a mini app's callback often redirects further: so any https where a request is under way, and the redirect URI's own
// origin or scheme where that is something else.
func formAction(page Page) string {
	target := page.common().FormTarget
	if post, ok := page.(*FormPost); ok {
		target = post.Action
	}
	if target == "" {
		return "'self'"
	}
	if source := formSource(target); source != "" && source != "https:" {
		return "'self' https: " + source
	}
	return "'self' https:"
}

// formSource is the CSP source (CSP3 §2.3.1) that covers a URI, or empty when there is none.
func formSource(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme == "" {
		return ""
	}
	switch {
	case u.Scheme != "http":
		return u.Scheme + ":" // url.Parse lets only letters, digits, "+", "-" and "." into a scheme
	case strings.Contains(u.Host, "["), u.Host == "":
		return "http:" // the grammar of sources has no IPv6 literals
	case strings.ContainsAny(u.Host, "*;, '\""):
		return ""
	}
	return "http://" + u.Host
}

// imageSources is where images come from: this server, and the operator's own logo where that lies elsewhere.
func imageSources(logoURL string) string {
	u, err := url.Parse(logoURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(u.Host, "*;, '\"") {
		return "'self'"
	}
	return "'self' " + u.Scheme + "://" + u.Host
}
