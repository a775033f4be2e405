package templates

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; form-action "

func TestPagesAreSentWithTheirHeaders(t *testing.T) {
	request := Common{FormTarget: "https://photoprint.example"}
	for name, c := range map[string]struct {
		page               Page
		formAction, opener string
	}{
		"sign in":            {&SignIn{}, "'self'", "unsafe-none"},
		"sign in, a request": {&SignIn{Common: request}, "'self' https:", "unsafe-none"},
		"sign up":            {&SignUp{Common: request}, "'self' https:", "unsafe-none"},
		"set up":             {&SetUp{}, "'self'", "unsafe-none"},
		"consent":            {&Consent{Common: request}, "'self' https:", "unsafe-none"},
		"form post":          {&FormPost{Action: "http://127.0.0.1:8080/cb"}, "'self' https: http://127.0.0.1:8080", "unsafe-none"},
		"error":              {&Error{Code: "expired"}, "'self'", "unsafe-none"},
		"sign out":           {&SignOut{}, "'self'", "same-origin"},
		"switch":             {&Switch{Common: request}, "'self' https:", "unsafe-none"},
		"account":            {&Account{}, "'self'", "same-origin"},
		"apps":               {&Apps{}, "'self'", "same-origin"},
	} {
		t.Run(name, func(t *testing.T) {
			w := draw(testPages(t, Brand{Name: "Orbit"}), "en", c.page)
			require.Equal(t, http.StatusTeapot, w.Code, w.Body)
			got := w.Header().Clone()
			require.NotEmpty(t, got.Get("Content-Length"))
			got.Del("Content-Length")
			require.Equal(t, http.Header{
				"Content-Type":                 {"text/html; charset=utf-8"},
				"Content-Language":             {"en"},
				"Content-Security-Policy":      {policy + c.formAction},
				"Cache-Control":                {"no-store"},
				"X-Content-Type-Options":       {"nosniff"},
				"X-Frame-Options":              {"DENY"},
				"Referrer-Policy":              {"same-origin"},
				"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
				"Cross-Origin-Resource-Policy": {"same-origin"},
				"Cross-Origin-Opener-Policy":   {c.opener},
				"Vary":                         {"Accept-Language, Cookie"},
			}, got)
		})
	}
}

func TestEveryPageOfTheConsoleIsIsolated(t *testing.T) {
	for name, page := range samples(plainly) {
		if strings.HasPrefix(name, "admin ") {
			require.Equal(t, "same-origin", draw(testPages(t, Brand{}), "en", page).Header().Get("Cross-Origin-Opener-Policy"), name)
		}
	}
}

func TestTransportSecurityIsSentOverHTTPSOnly(t *testing.T) {
	require.Empty(t, draw(testPages(t, Brand{}), "en", &SignIn{}).Header().Get("Strict-Transport-Security"))
	require.Equal(t, "max-age=31536000", draw(testPages(t, Brand{Secure: true}), "en", &SignIn{}).Header().Get("Strict-Transport-Security"))
}

func TestFormActionCoversTheRedirectURIAndNothingMore(t *testing.T) {
	for target, want := range map[string]string{
		"":                              "'self'",
		"https://app.example":           "'self' https:",
		"http://127.0.0.1:8080":         "'self' https: http://127.0.0.1:8080",
		"http://localhost:8080":         "'self' https: http://localhost:8080",
		"http://[::1]:8080":             "'self' https: http:",
		"com.example.app:":              "'self' https: com.example.app:",
		"com.example.app:/cb":           "'self' https: com.example.app:",
		"http://a; script-src *":        "'self' https:",
		"http://*":                      "'self' https:",
		"x y:":                          "'self' https:",
		"http://a.example,b.example":    "'self' https:",
		"javascript:alert(1)\r\nX-Y: 1": "'self' https:",
	} {
		require.Equal(t, want, formAction(&Consent{Common: Common{FormTarget: target}}), target)
	}
}

func TestTheOperatorsLogoMayComeFromElsewhere(t *testing.T) {
	for logo, want := range map[string]string{
		"": "'self'", "/logo.png": "'self'", "https://cdn.example/logo.png": "'self' https://cdn.example", "data:image/png,x": "'self'",
		"https://a;b/": "'self'",
	} {
		p := testPages(t, Brand{Name: "Orbit", LogoURL: logo})
		csp := draw(p, "en", &SignIn{}).Header().Get("Content-Security-Policy")
		require.Contains(t, strings.Split(csp, "; "), "img-src "+want)
	}
}
