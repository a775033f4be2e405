package templates

import (
	"maps"
	"time"
)

var drawn = time.Date(2026, 11, 3, 14, 0, 0, 0, time.UTC)

// samples are all pages, with every branch of their templates taken by at least one. Texts that come from outside have
// outside around them.
func samples(outside func(string) string) map[string]Page {
	app := App{
		ClientID: "photoprint", Name: outside("PhotoPrint"), NameLang: "en", Publisher: outside("Acme Ltd"), Verified: true,
		VerifiedAt: drawn, HomeURI: "https://photoprint.example/", PolicyURI: "https://photoprint.example/privacy",
		TOSURI: "https://photoprint.example/terms",
	}
	plain := App{ClientID: "plain", Name: outside("Plain"), LogoURL: "/logo/plain-96.png", LogoLarge: "/logo/plain-192.png"}
	person := Person{Name: outside("Ana Souza"), Login: outside("ana@example.com")}
	common := Common{FormTarget: "https://photoprint.example", RequestID: "018472", Person: &person}
	developer := person
	developer.Develops, developer.Operates = true, true
	own := Common{RequestID: "018472", Person: &developer}
	wrong := func(fields ...string) (problems []Problem) {
		for _, f := range fields {
			problems = append(problems, Problem{Field: f, Key: "problem.password_short", Args: map[string]string{"n": "12"}})
		}
		return problems
	}
	pages := map[string]Page{
		"sign in": &SignIn{SignUp: true},
		"sign in for an app": &SignIn{Common: common, Interaction: "sealed", App: &app, SignUp: true, Username: "ana@example.com",
			Upstreams: []Upstream{{ID: "acme", Name: outside("Acme")}, {ID: "other", Name: outside("Other")}},
			Problems:  append(wrong("username", "password"), Problem{Key: "nobody.knows"})},
		"sign in again":                       &SignIn{Common: common, Interaction: "sealed", App: &plain, Continue: &person},
		"sign in as who is there, or another": &SignIn{Common: common, Interaction: "sealed", App: &app, Continue: &person, Chooser: true, SignUp: true},
		"sign up":                             &SignUp{},
		"sign up with problems": &SignUp{Common: common, Interaction: "sealed", App: &app, Email: "ana", FirstName: "Ana", LastName: "Souza", Phone: "1",
			Upstreams: []Upstream{{ID: "acme", Name: outside("Acme")}},
			Problems:  wrong("email", "password", "first_name", "last_name", "phone")},
		"set up":               &SetUp{Token: "sealed"},
		"set up with problems": &SetUp{Token: "sealed", Email: "ana", Problems: wrong("email", "password")},
		"consent":              consentSample(common, app, person, outside),
		"consent for a company": &Consent{Common: common, Interaction: "sealed", Switch: "switch", App: plain, Account: person, Company: outside("Acme"),
			Required: []ConsentItem{{Scope: "user_session", Title: outside("Access for your company"), Description: outside("Act for your company")},
				{Scope: "openid", Title: outside("Your ID"), Values: []Value{{Claim: "sub", Text: "1"}}},
				{Scope: "unionid", Title: outside("One ID for all"), Description: outside("Lets them recognise you")}},
			Offline: true, Changed: true, Expires: drawn.Add(30 * time.Minute)},
		"error":         &Error{Common: own, Code: "invalid_request", App: &app, Retry: "/login", Detail: outside("redirect_uri is not registered")},
		"unknown error": &Error{Code: "teapot", Key: "nobody.knows"},
		"form post": &FormPost{Common: common, Action: "https://photoprint.example/cb?a=b&c=d", App: app,
			Fields: []Field{{"code", "gac_1"}, {"state", outside("xyz")}, {"submit", "1"}}},
		"sign out":   &SignOut{Common: own, Interaction: "sealed"},
		"signed out": &SignOut{Done: true},
		"switch": &Switch{Common: common, Interaction: "sealed", Action: "/superapp/sign-in/gat_1", App: app,
			Next: Person{Name: outside("Noa Levi"), Login: outside("noa@host.example")}},
		"switch to nobody known": &Switch{Common: own, Interaction: "sealed", Action: "/superapp/sign-in/gat_1", App: plain},
		"account": &Account{Common: own, Interaction: "sealed", Saved: "saved.profile",
			User: AccountUser{Email: outside("ana@example.com"), Phone: outside("+59899123456"), FirstName: outside("Ana"), LastName: outside("Souza"),
				Company: outside("Acme Ltd"), EmailVerified: true, HasPassword: true},
			Sessions: []AccountSession{{Device: outside("Firefox on Linux"), Address: outside("192.0.2.7"), SeenAt: drawn, Current: true},
				{ID: "1", Device: outside("Safari on iPhone"), SeenAt: drawn, VouchedBy: outside("PhotoPrint")}}},
		"account without a password": &Account{Common: own, Interaction: "sealed"},
		"empty account":              &Account{Common: own, Interaction: "sealed", User: AccountUser{HasPassword: true}, Problems: wrong("new_password", "first_name")},
		"apps":                       appsSample(own, app, plain, outside),
		"apps by a ticket": &Apps{Common: own, Interaction: "sealed", SignIn: "/login?interaction=sealed", Apps: []ConnectedApp{
			{App: plain, Status: "incomplete", Allowed: []SharedItem{{ConsentItem: ConsentItem{Scope: "email", Title: outside("Your e-mail address")}}}}}},
		"no apps": &Apps{Common: own, Interaction: "sealed"},
	}
	addDeveloperSamples(pages, own, outside)
	maps.Copy(pages, adminSamples(own, outside))
	return pages
}

func consentSample(common Common, app App, person Person, outside func(string) string) *Consent {
	return &Consent{
		Common: common, Interaction: "sealed", Switch: "switch", App: app, Account: person,
		Required: []ConsentItem{
			{Scope: "openid", Title: outside("Your identifier"), Claims: []string{"sub"}, Values: []Value{{Claim: "sub", Text: "8f1c"}}},
			{Scope: "email", Title: outside("Your e-mail address"), Purpose: outside("to send your order status"), PurposeLang: "en",
				Claims: []string{"email", "email_verified"}, Values: []Value{{Claim: "email", Text: outside("ana@example.com"), Verified: "yes"}}},
		},
		Optional: []ConsentItem{
			{Scope: "phone", Title: outside("Your phone number"), Repurposed: true, Purpose: outside("to call you when the courier is near"),
				Claims: []string{"phone_number"}, Values: []Value{{Claim: "phone_number"}}},
			{Scope: "profile", Title: outside("Your profile"), New: true, Claims: []string{"name", "locale"},
				Values: []Value{{Claim: "name", Text: outside("Ana Souza"), Verified: "no"}, {Claim: "birthdate"}, {Claim: "locale"}}},
			{Scope: "points_read", Title: outside("Your points balance"), Sensitive: true, Claims: []string{"points"},
				Values: []Value{{Claim: outside("points"), Text: outside("120")}}},
		},
		Known:   []ConsentItem{{Scope: "address", Title: outside("Your postal address"), Values: []Value{{Claim: "address", Text: outside("18 de Julio 1234\nCanelones")}}}},
		Offline: true, OfflineEnd: drawn.AddDate(0, 3, 16), Pairwise: true, ReturnHost: outside("photoprint.example"),
		Expires: drawn.Add(28 * time.Minute),
	}
}

// appsSample has an app in every status.
func appsSample(common Common, app, plain App, outside func(string) string) *Apps {
	email := ConsentItem{Scope: "email", Title: outside("Your e-mail address"), Purpose: outside("to send your order status"), PurposeLang: "en",
		Claims: []string{"email", "email_verified"}, Values: []Value{{Claim: "email", Text: outside("ana@example.com"), Verified: "yes"}}}
	points := ConsentItem{Scope: "points_read", Title: outside("Your points balance"), Sensitive: true, Values: []Value{{Claim: outside("points"), Text: outside("120")}}}
	id := ConsentItem{Scope: "openid", Title: outside("Your identifier"), Claims: []string{"sub"}, Values: []Value{{Claim: "sub", Text: "8f1c"}}}
	id.Until, email.Until, points.Until = drawn, drawn, drawn.AddDate(0, 0, -1)
	expired, none, other, host := plain, plain, plain, plain
	expired.ClientID, none.ClientID, other.ClientID, host.ClientID = "expired", "none", "other", "host"
	host.Own = true
	return &Apps{Common: common, Interaction: "sealed", Saved: "nobody.knows",
		Apps: []ConnectedApp{
			{App: app, Status: "partial", Allowed: []SharedItem{{id, true}, {email, true}, {points, false}},
				Denied: []string{outside("Your phone number")}, Open: []string{outside("Your profile")}, Pairwise: true, Since: drawn, Read: drawn.Add(-2 * time.Hour), Until: drawn},
			{App: app, Company: outside("Acme"), Beside: true, Status: "allowed", Since: drawn,
				Allowed: []SharedItem{{ConsentItem: ConsentItem{Scope: "user_session", Title: outside("Access for your company")}, Required: true}, {ConsentItem: points}}},
			{App: host, Status: "allowed", Allowed: []SharedItem{{ConsentItem: id, Required: true}}},
			{App: other, Status: "incomplete", Allowed: []SharedItem{{ConsentItem: email, Required: true}}, Open: []string{outside("Your profile")}},
		},
		Refused: []ConnectedApp{
			{App: plain, Status: "denied", Denied: []string{outside("Your phone number")}, Blocked: drawn.Add(24 * time.Hour)},
			{App: expired, Status: "expired", Open: []string{outside("Your phone number")}, Until: drawn},
			{App: none, Status: "none"},
		}}
}
