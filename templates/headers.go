package templates

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// setHeaders sets what every page is sent with. No page runs a script or a style that is not a file of ours.
func (p *Pages) setHeaders(h http.Header, page Page, lang string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Content-Security-Policy", p.contentSecurityPolicy(page))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", map[bool]string{false: "DENY", true: "SAMEORIGIN"}[framed(page)]) // for WebViews older than frame-ancestors
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
	case *Account, *Apps, *SignOut, *Developer, *DeveloperMiniApp, *DeveloperStep, *DeveloperReview, *DeveloperAgain:
		return "same-origin"
	case interface{ inConsole() }:
		return "same-origin"
	}
	return "unsafe-none"
}

func (p *Pages) contentSecurityPolicy(page Page) string {
	frames, ancestors := "", "'none'"
	switch page.(type) {
	case *DeveloperReview, *AdminEvaluate:
		frames = "frame-src 'self'; "
	}
	if framed(page) {
		ancestors = "'self'"
	}
	return "default-src 'none'; style-src 'self'; img-src " + p.images + "; script-src 'self'; connect-src 'self'; " +
		"font-src 'self'; " + frames + "base-uri 'none'; frame-ancestors " + ancestors + "; form-action " + formAction(page)
}

// framed reports whether a page of ours may have this one in a frame: a consent page to look at, on which nothing can be
// pressed.
func framed(page Page) bool {
	consent, is := page.(*Consent)
	return is && consent.Preview != nil
}

// formAction is where forms of a page may lead. Browsers hold the whole chain of redirects after a form against it, and
// a mini app's callback often redirects further: so any https where a request is under way, and the redirect URI's own
// origin or scheme where that is something else.
func formAction(page Page) string {
	sources := []string{"'self'"}
	for _, target := range formTargets(page) {
		for _, source := range []string{"https:", formSource(target)} {
			if source != "" && !slices.Contains(sources, source) {
				sources = append(sources, source)
			}
		}
	}
	return strings.Join(sources, " ")
}

// formTargets are the URIs that the forms of a page may lead to in the end.
func formTargets(page Page) []string {
	switch page := page.(type) {
	case *FormPost:
		return []string{page.Action}
	case *DeveloperStep:
		return page.tests()
	}
	if target := page.common().FormTarget; target != "" {
		return []string{target}
	}
	return nil
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
