package templates

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLanguageIsChosenInOrder(t *testing.T) {
	p := testPages(t, Brand{})
	for name, c := range map[string]struct {
		cookie, profile, asked, accepted, want string
	}{
		"nothing":                      {want: "en"},
		"the browser's":                {accepted: "ja,en;q=0.5", want: "ja"},
		"by weight":                    {accepted: "en;q=0.5, fr;q=0.9", want: "fr"},
		"the request before":           {asked: "de", accepted: "ja", want: "de"},
		"the request's second":         {asked: "fi es", accepted: "ja", want: "es"},
		"the request's are unknown":    {asked: "fi xx-nothing", accepted: "ja", want: "ja"},
		"the profile before":           {profile: "fr", asked: "de", accepted: "ja", want: "fr"},
		"the choice before all":        {cookie: "ar", profile: "fr", asked: "de", accepted: "ja", want: "ar"},
		"a choice that is none":        {cookie: "../en", profile: "fr", want: "fr"},
		"Portuguese is Brazil's":       {accepted: "pt", want: "pt-BR"},
		"Spanish of Mexico":            {accepted: "es-MX", want: "es"},
		"Chinese of Singapore":         {accepted: "zh-SG", want: "zh-Hans"},
		"a wildcard":                   {accepted: "*", want: "en"},
		"broken":                       {profile: "\x00", asked: "- -- \xff", accepted: ";;;", want: "en"},
		"too long":                     {asked: strings.Repeat("ja ", 1000), accepted: strings.Repeat("ja,", 1000), want: "en"},
		"the case does not matter":     {asked: "DE-at", want: "de"},
		"right to left with a country": {accepted: "ar-EG", want: "ar"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if c.cookie != "" {
				r.AddCookie(&http.Cookie{Name: languageCookie, Value: c.cookie})
			}
			if c.accepted != "" {
				r.Header.Set("Accept-Language", c.accepted)
			}
			require.Equal(t, c.want, p.Language(r, Common{Locale: c.profile, Locales: c.asked}))
		})
	}
}

func TestAnAnswerIsInTheLanguageThatTheRequestAsksForThenInThePersons(t *testing.T) {
	p := testPages(t, Brand{})
	for name, c := range map[string]struct{ asked, accepted, own, want string }{
		"nothing":               {want: "en"},
		"the person's":          {own: "de-AT", want: "de"},
		"the header before":     {accepted: "ja", own: "de", want: "ja"},
		"ui_locales before all": {asked: "fi es", accepted: "ja", own: "de", want: "es"},
		"one that we have not":  {asked: "fi", own: "de", want: "de"},
		"broken":                {asked: "- \xff", accepted: ";;;", own: "\x00", want: "en"},
	} {
		require.Equal(t, c.want, p.LanguageFor(c.asked, c.accepted, c.own), name)
	}
}

func choose(p *Pages, lang, back string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	p.Mount(mux)
	r := httptest.NewRequest(http.MethodPost, "/language", strings.NewReader(url.Values{"lang": {lang}, "return": {back}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func TestChosenLanguageIsKeptAndLeadsBack(t *testing.T) {
	w := choose(testPages(t, Brand{Secure: true}), "ja", "/consent?interaction=a_b-c%2B")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/consent?interaction=a_b-c%2B", w.Header().Get("Location"))
	require.Equal(t, "lang=ja; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax", w.Header().Get("Set-Cookie"))

	require.NotContains(t, choose(testPages(t, Brand{}), "ja", "/").Header().Get("Set-Cookie"), "Secure")
	require.Empty(t, choose(testPages(t, Brand{}), "klingon", "/").Header().Get("Set-Cookie"))
}

var elsewhere = []string{
	"https://evil.example/", "//evil.example", "///evil.example", `/\evil.example`, `\/evil.example`, "/\t/evil.example", "/\n/evil.example",
	"javascript:alert(1)", "evil", "", "?x", "#x", "/ /evil.example", "/%zz", "/a\r\nX: y", "/%2f/evil.example", "/%2F%2Fevil.example", "/\u200b/x",
}

func TestChoiceOfLanguageLeadsNowhereElse(t *testing.T) {
	p := testPages(t, Brand{})
	for _, back := range elsewhere {
		require.Equal(t, "/account", choose(p, "ja", back).Header().Get("Location"), back)
	}
}

func FuzzOwnAddress(f *testing.F) {
	for _, s := range append(elsewhere, "/login?interaction=x") {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "own.example"}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := base.Parse(ownAddress(s))
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("%q leads to %v", s, u)
		}
	})
}

func TestLanguageFormLeadsToWhereAGETShowsThePage(t *testing.T) {
	p := testPages(t, Brand{})
	for name, c := range map[string]struct {
		method string
		page   Page
		want   string
	}{
		"sign in":                        {http.MethodPost, &SignIn{Interaction: "a+b"}, "/login?interaction=a%2Bb"},
		"sign in without a request":      {http.MethodPost, &SignIn{}, "/login"},
		"consent":                        {http.MethodPost, &Consent{Interaction: "x"}, "/consent?interaction=x"},
		"an error of a GET":              {http.MethodGet, &Error{Code: "expired"}, "/somewhere?a=b"},
		"an error of a POST":             {http.MethodPost, &Error{Code: "expired"}, ""},
		"a response that is spent by it": {http.MethodGet, &FormPost{Action: "https://a.example"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			p.Render(w, httptest.NewRequest(c.method, "/somewhere?a=b", nil), http.StatusOK, c.page)
			if c.want == "" {
				require.NotContains(t, w.Body.String(), `id="language"`)
				return
			}
			require.Contains(t, form(t, w.Body.Bytes(), "language"), "return:"+c.want)
		})
	}
}
