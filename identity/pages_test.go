package identity

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/interaction"
	"gatehouse/storage"
)

// request is an interaction of an authorization request with these parameters besides the usual ones.
func (s *site) request(parameters string) interaction.Interaction {
	query := "client_id=photoprint&redirect_uri=https%3A%2F%2Fphotoprint.example%2Fcb&scope=openid&" + parameters
	return interaction.Interaction{ID: "test", Route: "/oauth2/authorize", Request: query, Began: s.now()}
}

// begin is what authorize does: it seals i for the browser's step.
func (b *browser) begin(step interaction.Step, i interaction.Interaction) string {
	b.t.Helper()
	if b.cookie() == nil {
		b.get("/login")
	}
	return b.sealer.Seal(b.content().Browser, step, i)
}

func (b *browser) login(i interaction.Interaction) (path string, sealed string) {
	sealed = b.begin(interaction.StepLogin, i)
	return "/login?" + url.Values{"interaction": {sealed}}.Encode(), sealed
}

// returned opens what the redirect back to authorize carries.
func (b *browser) returned(a answer) interaction.Interaction {
	b.t.Helper()
	i, err := b.sealer.Open(b.content().Browser, interaction.StepAuthorize, a.leadsTo(b.t, "/oauth2/authorize").Get("interaction"))
	require.NoError(b.t, err)
	return i
}

func TestSignInSendsTheBrowserBackToItsRequest(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	path, _ := b.login(s.request("login_hint=ana%40example.com&ui_locales=en&state=xyz"))
	page := b.get(path)
	page.shows(t, http.StatusOK, `id="sign-in"`, `value="ana@example.com"`, "PhotoPrint", "/signup?interaction=")
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "form-action 'self' https:")
	require.Equal(t, "no-store", page.Header.Get("Cache-Control"))

	s.wait(90 * time.Second)
	i := b.returned(b.post("/login", url.Values{"interaction": {page.sealed()}, "username": {anaPhone}, "password": {anaPassword}}))
	require.Equal(t, s.ana.ID, i.UserID)
	require.Equal(t, s.now().Truncate(time.Second), i.LoginAt.UTC())
	require.True(t, i.Chosen)
	require.Equal(t, "xyz", i.Get("state"))
	records, err := s.sessions.Of(t.Context(), s.ana.ID)
	require.NoError(t, err)
	require.Equal(t, i.LoginAt.Unix(), records[0].AuthTime.Unix(), "auth_time is when the interaction says")
	s.noLeak(anaPassword)
	s.noLeak(page.sealed())
}

func TestWhatAnotherPersonDidInTheInteractionDoesNotCount(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	i := s.request("")
	i.UserID, i.LoginAt, i.DecidedAt, i.GrantID, i.GrantVersion = "somebody else", s.now(), s.now(), "g", 3
	_, sealed := b.login(i)
	form := url.Values{"interaction": {sealed}, "username": {anaEmail}, "password": {anaPassword}}
	got := b.returned(b.post("/login", form))
	require.Zero(t, got.DecidedAt)
	require.Zero(t, got.GrantVersion)

	i.UserID = s.ana.ID
	_, form["interaction"][0] = b.login(i)
	require.False(t, b.returned(b.post("/login", form)).DecidedAt.IsZero(), "the same person's decision stays")
}

func TestWrongPasswordAndUnknownPersonSeeTheSamePage(t *testing.T) {
	b := newSite(t).browser()
	wrong, unknown := b.signIn(anaEmail, "not it"), b.signIn("bob@example.com", "not it")
	for _, a := range []answer{wrong, unknown} {
		a.shows(t, http.StatusUnauthorized, `id="sign-in"`, `id="problems"`)
		require.NotContains(t, a.body, "not it")
	}
	same := func(a answer, login string) string {
		return interactionField.ReplaceAllString(strings.ReplaceAll(strings.ReplaceAll(a.body, a.sealed(), "S"), login, "L"), "")
	}
	require.Equal(t, same(wrong, anaEmail), same(unknown, "bob@example.com"))
	require.False(t, b.isSignedIn())
	// The page that came back works.
	b.post("/login", url.Values{"interaction": {wrong.sealed()}, "username": {anaEmail}, "password": {anaPassword}}).leadsTo(t, "/account")
}

func TestEmptyFieldsAreNamed(t *testing.T) {
	b := newSite(t).browser()
	b.signIn("", "").shows(t, http.StatusUnprocessableEntity, `href="#username"`, `href="#password"`)
	b.signIn(anaEmail, "").shows(t, http.StatusUnprocessableEntity, `href="#password"`)
}

func TestTooManyFailuresAnswer429WithRetryAfter(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for range accountFailures {
		b.signIn(anaEmail, "not it").shows(t, http.StatusUnauthorized)
	}
	a := b.signIn(anaEmail, anaPassword)
	a.shows(t, http.StatusTooManyRequests, `id="sign-in"`, `id="problems"`)
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err)
	s.wait(time.Duration(seconds) * time.Second)
	b.mustSignIn()
}

func TestAccountsOwnBrowserIsNotKeptOutByOthers(t *testing.T) {
	s := newSite(t)
	own, attacker := s.browser(), s.browser()
	own.mustSignIn()
	own.post("/logout", url.Values{"interaction": {own.get("/logout").sealed()}}).leadsTo(t, "/logout")
	for range accountFailures + 1 {
		attacker.signIn(anaEmail, "not it")
	}
	attacker.signIn(anaEmail, anaPassword).shows(t, http.StatusTooManyRequests)
	own.mustSignIn()
}

func TestInteractionOfAnotherBrowserOrStepIsRefused(t *testing.T) {
	s := newSite(t)
	b, other := s.browser(), s.browser()
	_, theirs := other.login(s.request(""))
	for name, sealed := range map[string]string{
		"another browser": theirs,
		"another step":    b.begin(interaction.StepConsent, s.request("")),
		"own pages":       b.begin(interaction.StepAccount, s.request("")),
		"damaged":         theirs[:len(theirs)-1],
		"nothing":         "",
	} {
		form := url.Values{"interaction": {sealed}, "username": {anaEmail}, "password": {anaPassword}, "email": {"x@example.com"}}
		for _, path := range []string{"/login", "/login/switch", "/signup"} {
			b.post(path, form).shows(t, http.StatusBadRequest, `data-error="invalid_request"`)
		}
		if sealed != "" {
			b.get("/login?"+form.Encode()).shows(t, http.StatusBadRequest, `data-error="invalid_request"`)
			b.get("/signup?"+form.Encode()).shows(t, http.StatusBadRequest, `data-error="invalid_request"`)
		}
		require.False(t, b.isSignedIn(), name)
	}
}

func TestExpiredInteractionLeadsToAStartOver(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	path, sealed := b.login(s.request(""))
	own := b.get("/login").sealed()
	s.wait(interaction.Lifetime)
	b.get(path).shows(t, http.StatusBadRequest, `data-error="expired"`, "https://photoprint.example/")
	b.post("/login", url.Values{"interaction": {sealed}}).shows(t, http.StatusBadRequest, `data-error="expired"`, "https://photoprint.example/")
	b.post("/login", url.Values{"interaction": {own}}).shows(t, http.StatusBadRequest, `data-error="expired"`, `href="/login"`)
	b.post("/login/switch", url.Values{"interaction": {own}}).shows(t, http.StatusBadRequest, `data-error="expired"`, `href="/login"`)
}

func TestFormsOfAnotherPersonAreRefused(t *testing.T) {
	s := newSite(t)
	_, err := s.people.CreateUser(t.Context(), NewUser{Email: "bo@example.com", Password: "another fine password"})
	require.NoError(t, err)
	b := s.browser()
	b.mustSignIn()
	anas := b.get("/account").sealed()
	b.post("/logout", url.Values{"interaction": {b.get("/logout").sealed()}})
	b.signIn("bo@example.com", "another fine password").leadsTo(t, "/account")
	form := url.Values{"interaction": {anas}, "action": {"profile"}, "first_name": {"Mallory"}}
	b.post("/account", form).shows(t, http.StatusBadRequest, `data-error="invalid_request"`)
	b.post("/logout", form).shows(t, http.StatusBadRequest, `data-error="invalid_request"`)
	require.True(t, b.isSignedIn())
}

func TestPostsFromOtherSitesAreRefused(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+"/logout", nil)
	require.NoError(t, err)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := b.client.Do(r)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.True(t, b.isSignedIn())
}

func TestSelectAccountOffersToContinueAsWhoIsSignedIn(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	path, _ := b.login(s.request("prompt=select_account"))
	require.NotContains(t, b.get(path).body, `name="continue"`, "nobody is signed in")
	b.mustSignIn()
	page := b.get(path)
	page.shows(t, http.StatusOK, `name="continue"`, "Ana Souza", `id="sign-in"`)
	i := b.returned(b.post("/login", url.Values{"interaction": {page.sealed()}, "continue": {"1"}}))
	require.True(t, i.Chosen)
	require.Equal(t, s.ana.ID, i.UserID)
	require.True(t, i.LoginAt.IsZero(), "it was no sign-in")

	afresh := s.request("prompt=login+select_account")
	afresh.Credentials = true
	path, _ = b.login(afresh)
	require.NotContains(t, b.get(path).body, `name="continue"`, "a new sign-in is asked for")
	stranger := s.browser()
	_, sealed := stranger.login(s.request("prompt=select_account"))
	stranger.post("/login", url.Values{"interaction": {sealed}, "continue": {"1"}}).leadsTo(t, "/login")
}

func TestSwitchAccountShowsAnEmptyFormAndEndsNothing(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	_, sealed := b.login(s.request("login_hint=ana%40example.com&prompt=select_account"))
	to := b.post("/login/switch", url.Values{"interaction": {sealed}})
	to.leadsTo(t, "/login")
	page := b.get(to.Header.Get("Location"))
	page.shows(t, http.StatusOK, `id="sign-in"`)
	require.NotContains(t, page.body, "ana@example.com")
	require.NotContains(t, page.body, `name="continue"`)
	require.True(t, b.isSignedIn())
}

func TestWhoIsSignedInAndWantsNothingGoesToTheirPage(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.get("/account").leadsTo(t, "/login")
	b.mustSignIn()
	b.get("/login").leadsTo(t, "/account")
	path, _ := b.login(s.request("prompt=login"))
	b.get(path).shows(t, http.StatusOK, `id="sign-in"`)
}

func TestNothingOfARequestSteersTheRedirect(t *testing.T) {
	b := newSite(t).browser()
	for _, name := range []string{"return_to", "next", "continue_to", "redirect_uri"} {
		page := b.get("/login?" + name + "=https://evil.example/")
		b.post("/login?"+name+"=https://evil.example/", url.Values{"interaction": {page.sealed()}, name: {"https://evil.example/"},
			"username": {anaEmail}, "password": {anaPassword}}).leadsTo(t, "/account")
		b.post("/logout", url.Values{"interaction": {b.get("/logout").sealed()}, name: {"https://evil.example/"}}).leadsTo(t, "/logout")
	}
}

func TestSignUpSignsInAndReturnsToTheRequest(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	sealed := b.begin(interaction.StepLogin, s.request(""))
	page := b.get("/signup?interaction=" + sealed)
	page.shows(t, http.StatusOK, `id="sign-up"`, "PhotoPrint")
	form := url.Values{"interaction": {page.sealed()}, "email": {"Bo@Example.com"}, "password": {"eleven char"},
		"first_name": {"Bo"}, "last_name": {"Lee"}, "phone": {"12"}}
	again := b.post("/signup", form)
	again.shows(t, http.StatusUnprocessableEntity, `href="#password"`, `href="#phone"`, `value="Bo@Example.com"`, `value="Lee"`)
	require.NotContains(t, again.body, "eleven char")

	form.Set("password", "twelve chars")
	form.Set("phone", "+598 99 000 111")
	i := b.returned(b.post("/signup", form))
	require.False(t, i.LoginAt.IsZero())
	require.True(t, b.isSignedIn())
	u, err := s.store.User(t.Context(), i.UserID)
	require.NoError(t, err)
	require.Equal(t, []string{"bo@example.com", "+59899000111", "Bo", "Lee"}, []string{u.Email, u.Phone, u.FirstName, u.LastName})
	require.False(t, u.EmailVerified || u.PhoneVerified)

	other := s.browser()
	form.Set("interaction", other.get("/signup").sealed())
	other.post("/signup", form).shows(t, http.StatusUnprocessableEntity, `href="#email"`)
	s.noLeak("twelve chars")
}

func TestSignUpCanBeTurnedOff(t *testing.T) {
	b := newSite(t, func(o *PagesOptions) { o.SignUp = false }).browser()
	page := b.get("/login")
	require.NotContains(t, page.body, "/signup")
	b.get("/signup").shows(t, http.StatusNotFound, `data-error="not_found"`)
	b.post("/signup", url.Values{"interaction": {page.sealed()}, "email": {"bo@example.com"}, "password": {"twelve chars"}}).shows(t, http.StatusNotFound)
}

func TestWrongMethodSaysWhichAreRight(t *testing.T) {
	b := newSite(t).browser()
	for path, allowed := range map[string]string{"/login": "GET, HEAD, POST", "/login/switch": "POST", "/signup": "GET, HEAD, POST",
		"/logout": "GET, HEAD, POST", "/account": "GET, HEAD, POST"} {
		a := b.do(http.MethodPut, path, nil)
		require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode, path)
		require.Equal(t, allowed, a.Header.Get("Allow"), path)
	}
}

func TestNoInputGetsA500(t *testing.T) {
	b := newSite(t).browser()
	b.mustSignIn()
	login, account := b.begin(interaction.StepLogin, b.request("")), b.get("/account").sealed()
	fields := []string{"username", "password", "email", "first_name", "last_name", "phone", "action", "continue", "session",
		"current_password", "new_password", "interaction", "unknown"}
	for _, bad := range []string{"\x00", "a\x00b", "\xff", "\xc0\x80", "\xed\xa0\x80"} {
		for _, path := range []string{"/login", "/signup", "/logout", "/account", "/login/switch"} {
			for _, field := range fields {
				form := url.Values{"interaction": {login}}
				if path == "/account" || path == "/logout" {
					form.Set("interaction", account)
				}
				form.Set(field, bad)
				b.post(path, form).shows(t, http.StatusBadRequest)
			}
		}
		for _, path := range []string{"/login", "/signup", "/account"} {
			b.get(path+"?x="+url.QueryEscape(bad)).shows(t, http.StatusBadRequest)
		}
	}
	for _, query := range []string{"%zz", "a;b", "interaction=%00"} {
		b.get("/login?"+query).shows(t, http.StatusBadRequest)
	}
}

func TestLargeFormsAreRefused(t *testing.T) {
	b := newSite(t).browser()
	b.mustSignIn()
	form := url.Values{"interaction": {b.get("/account").sealed()}, "first_name": {strings.Repeat("a", 64<<10)}}
	for _, path := range []string{"/login", "/signup", "/logout", "/account", "/login/switch"} {
		b.post(path, form).shows(t, http.StatusRequestEntityTooLarge)
	}
	form.Set("first_name", strings.Repeat("a", 60<<10))
	form.Set("action", "profile")
	b.post("/account", form).shows(t, http.StatusUnprocessableEntity)
}

func TestAccountPageChangesNames(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	page := b.get("/account")
	page.shows(t, http.StatusOK, "Souza", anaEmail, anaPhone)
	form := url.Values{"interaction": {page.sealed()}, "action": {"profile"}, "first_name": {" Ana María "}, "last_name": {"Souza"}}
	require.Equal(t, "profile", b.post("/account", form).leadsTo(t, "/account").Get("saved"))
	b.get("/account?saved=profile").shows(t, http.StatusOK, "Ana María", `role="status"`)
	require.NotContains(t, b.get("/account?saved=everything").body, `role="status"`)

	form.Set("first_name", "a\u202eb")
	b.post("/account", form).shows(t, http.StatusUnprocessableEntity, `href="#first_name"`)
	form.Set("action", "promote")
	b.post("/account", form).shows(t, http.StatusBadRequest, `data-error="invalid_request"`)
	u, err := s.store.User(t.Context(), s.ana.ID)
	require.NoError(t, err)
	require.Equal(t, "Ana María", u.FirstName)
	require.Equal(t, anaEmail, u.Email)
}

func TestPasswordChangeAsksForTheCurrentOneWithinTheLimits(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	form := url.Values{"interaction": {b.get("/account").sealed()}, "action": {"password"}}
	b.post("/account", form).shows(t, http.StatusUnprocessableEntity, `href="#current_password"`, `href="#new_password"`)
	form.Set("current_password", "not it")
	form.Set("new_password", "password1234")
	b.post("/account", form).shows(t, http.StatusUnprocessableEntity, `href="#new_password"`)
	form.Set("new_password", "a better lighthouse")
	for range accountFailures {
		b.post("/account", form).shows(t, http.StatusUnauthorized, `href="#current_password"`)
	}
	form.Set("current_password", anaPassword)
	a := b.post("/account", form)
	a.shows(t, http.StatusTooManyRequests)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	s.wait(failureWindow)
	b.post("/account", form).leadsTo(t, "/account")
	s.noLeak("a better lighthouse")
}

func TestOtherSessionsCanBeEndedOneByOneAndAllAtOnce(t *testing.T) {
	s := newSite(t)
	b, laptop, phone := s.browser(), s.browser(), s.browser()
	for _, each := range []*browser{b, laptop, phone} {
		each.mustSignIn()
	}
	page := b.get("/account")
	require.NotContains(t, page.body, sessionID(b.content().Secret), "one's own ends by signing out")
	form := url.Values{"interaction": {page.sealed()}, "action": {"end-session"}, "session": {sessionID(laptop.content().Secret)}}
	page.shows(t, http.StatusOK, form.Get("session"))
	b.post("/account", form).leadsTo(t, "/account")
	require.Equal(t, []bool{true, false, true}, []bool{b.isSignedIn(), laptop.isSignedIn(), phone.isSignedIn()})
	form.Set("session", sessionID(s.signInElsewhere("bo@example.com").content().Secret))
	b.post("/account", form).leadsTo(t, "/account")
	_, _, err := s.store.Session(t.Context(), form.Get("session"), s.now())
	require.NoError(t, err, "another person's session is none of one's own")
	form.Set("action", "sessions") // of a page that an earlier version drew
	b.post("/account", form).leadsTo(t, "/account")
	require.True(t, phone.isSignedIn(), "whoever names one does not mean all")
	form.Set("session", sessionID(phone.content().Secret))
	b.post("/account", form).leadsTo(t, "/account")
	require.Equal(t, []bool{true, false}, []bool{b.isSignedIn(), phone.isSignedIn()})
	phone.mustSignIn()
	form.Set("action", "end-session")
	form.Del("session")
	b.post("/account", form).leadsTo(t, "/account")
	require.True(t, phone.isSignedIn(), "which one is missing")
	form.Set("action", "sessions")
	b.post("/account", form).leadsTo(t, "/account")
	require.Equal(t, []bool{true, false}, []bool{b.isSignedIn(), phone.isSignedIn()})
}

func TestAccountPageSaysWhichMiniAppSignedThePersonIn(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	s.vouching("photoprint")
	require.NotContains(t, b.get("/account").body, "PhotoPrint")
	w := httptest.NewRecorder()
	_, err := s.sessions.StartVouched(w, httptest.NewRequest(http.MethodGet, "/", nil), storage.Token{UserID: s.ana.ID, ClientID: "photoprint"}, nil)
	require.NoError(t, err)
	b.get("/account").shows(t, http.StatusOK, "signed in by", "PhotoPrint")
}

func (s *site) signInElsewhere(email string) *browser {
	s.t.Helper()
	_, err := s.people.CreateUser(s.t.Context(), NewUser{Email: email, Password: anaPassword})
	require.NoError(s.t, err)
	b := s.browser()
	b.signIn(email, anaPassword).leadsTo(s.t, "/account")
	return b
}

func TestEndingAllOtherSessionsIsOneStatement(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(b.cookie())
	signedIn, err := s.sessions.Current(r)
	require.NoError(t, err)
	statements := func() int64 {
		s.statements.Store(0)
		require.NoError(t, s.sessions.EndOthers(t.Context(), signedIn))
		return s.statements.Load()
	}
	alone := statements()
	for range 3 {
		s.browser().mustSignIn()
	}
	require.Equal(t, alone, statements())
	sessions, err := s.sessions.Of(t.Context(), s.ana.ID)
	require.NoError(t, err)
	require.Len(t, sessions, 1)
}

func FuzzSignInForm(f *testing.F) {
	for _, body := range []string{"username=ana%40example.com&password=x", "continue=1", "%", "a=%00", "username=&password=", "username=%ff"} {
		f.Add(body)
	}
	// The interaction is what a page of this browser has; everything else is whatever comes.
	s := newSite(f)
	b := s.browser()
	sealed, cookie := b.begin(interaction.StepLogin, s.request("")), b.cookie()
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/login", "/signup", "/login/switch"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("interaction="+sealed+"&"+body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.AddCookie(cookie)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s answers %d to %q", path, w.Code, body)
			}
		}
	})
}
