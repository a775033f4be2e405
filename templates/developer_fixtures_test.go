package templates

import (
	"maps"
	"time"
)

// addDeveloperSamples adds the pages of developers.
func addDeveloperSamples(pages map[string]Page, own Common, outside func(string) string) {
	app := DeveloperApp{ClientID: "photoprint", LogoURL: "/logo/0-48.png", Name: outside("PhotoPrint"), Publisher: outside("Acme Ltd"), Status: "approved", Waiting: "changes_requested"}
	rule := func(id string) Problem {
		return Problem{Field: id, Key: "problem.rule", Args: map[string]string{"text": outside("is http; use https")}}
	}
	list := &Developer{Common: own, Next: "/developer?after=a"}
	for _, status := range []string{"draft", "submitted", "changes_requested", "approved", "rejected", "suspended", "archived"} {
		list.Apps = append(list.Apps, DeveloperApp{ClientID: status, Name: outside(status), Status: status})
	}
	list.Apps = append(list.Apps, app)
	maps.Copy(pages, map[string]Page{
		"developer":                        list,
		"developer of none":                &Developer{Common: own},
		"developer refused":                &Developer{Common: own, Refused: true},
		"developer refused an admin":       &Developer{Common: own, Refused: true, Admin: true},
		"developer's app without a secret": &DeveloperMiniApp{Common: own, App: app, ETag: "1", Confidential: true, Live: true},
		"developer's app": &DeveloperMiniApp{Common: own, App: app, ETag: "1", Editable: true, Archivable: true, Changed: []string{"name"}, Confidential: true, Secret: "gas_1", Secrets: []DeveloperSecret{{ID: "0f3a", Created: drawn}, {ID: "91bc", Created: drawn, Ends: drawn}}, EndsFirst: drawn, Saved: "comment",
			Failed:  []DeveloperRequest{{At: drawn, Endpoint: "token", Format: "gam", Code: "invalid_grant", Reason: outside("the code was exchanged before"), RequestID: "018472", Unproven: true}, {At: drawn, Endpoint: "authorize", Code: "invalid_scope"}},
			Granted: []DeveloperRequest{{At: drawn, Endpoint: "token", Format: "boxc", RequestID: "018472"}, {At: drawn, Endpoint: "userinfo"}}},
		"developer's old app": &DeveloperMiniApp{Common: own, App: DeveloperApp{ClientID: "old", Name: outside("Old"), Status: "archived"}, Archivable: true, Why: outside("It is old"), Problems: []Problem{rule("comment-text"), rule("why"), {Key: "problem.conflict"}}, Comment: outside("Why"), Notes: []DeveloperNote{{Status: "submitted", At: drawn}, {Author: outside("Bo"), Text: outside("Why?"), At: drawn}}},
		"developer's new app": &DeveloperStep{Common: own, Step: "identity", Fields: []DeveloperField{
			{ID: "name", Name: "name", Label: "name", Value: outside("PhotoPrint")},
			{ID: "publisher", Name: "publisher", Label: "publisher", Kind: "select", Value: "acme", Options: []DeveloperOption{{Value: "acme", Text: outside("Acme")}, {Value: "other", Label: "public_true"}}},
			{ID: "contacts-0", Name: "contacts", Label: "contact", Number: 1, Kind: "email", Optional: true}}, Logo: &DeveloperLogo{},
			Names: []DeveloperField{{ID: "name-es", Name: "name:es", Label: "name", Lang: "es", Language: outside("Español"), Optional: true}}},
		"developer's identity": &DeveloperStep{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "identity", ETag: "1",
			Names: []DeveloperField{{ID: "name-es", Name: "name:es", Label: "name", Lang: "es", Language: outside("Español"), Optional: true, Value: outside("Fotos")}},
			Logo:  &DeveloperLogo{URI: "https://host.example/logo/0-192.png", Path: "/logo/0-96.png"}, Problems: []Problem{rule("logo"), rule("name-es")}},
		"developer's redirects": &DeveloperStep{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "redirects", ETag: "1", Live: true, Saved: "draft",
			Fields: []DeveloperField{{ID: "redirect_uris-0", Name: "redirect_uris", Label: "redirect_uri", Number: 1, Kind: "url", Value: "http://a.example/", Hints: []AdminHint{{Kind: "new_domain", Value: outside("a.example")}}, Test: "http://a.example/"},
				{ID: "redirect_uris-1", Name: "redirect_uris", Label: "redirect_uri", Number: 2, Kind: "url", Value: "https://b.example/", TestAt: "/oauth2/authorize?client_id=photoprint"},
				{ID: "initiate_login_uri", Name: "initiate_login_uri", Label: "initiate_login_uri", Test: "com.example.app:/cb"},
				{ID: "jwks", Name: "jwks", Label: "jwks", Kind: "lines", Optional: true}},
			Problems: []Problem{rule("redirect_uris-0"), rule("jwks"), rule(""), {Key: "problem.conflict"}}},
		"developer's data": &DeveloperStep{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "data", ETag: "1", Scopes: []DeveloperScope{
			{Name: "email", Title: outside("Your e-mail"), Description: outside("Read it"), Values: []Value{{Claim: "email", Text: outside("ana@example.com")}, {Claim: "name"}}, Use: "required", Sensitive: true,
				Purposes: []DeveloperPurpose{{Lang: "en", Language: outside("en"), Text: outside("To send your order status")}, {Lang: "de", Language: outside("de")}}},
			{Name: "phone", Title: outside("Your phone"), Use: "optional"}, {Name: "x", Title: outside("X")}}, Languages: []DeveloperOption{{Value: "es", Text: outside("Español")}}, Problems: []Problem{rule("purpose-email-en"), rule("use-phone")}},
		"developer's security": &DeveloperStep{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "security", ETag: "1",
			Fields: []DeveloperField{{ID: "token_endpoint_auth_method", Name: "token_endpoint_auth_method", Label: "token_endpoint_auth_method"}}},
		"developer has to sign in again": &DeveloperAgain{Common: own, Action: "/developer/apps/photoprint/comment", Back: "/developer/apps/photoprint", Fields: []Field{{"comment", outside("Why")}}},
		"developer's form is unsealed":   &DeveloperAgain{Common: own, Action: "/developer/new", Back: "/developer", Unsealed: true, Fields: []Field{{outside("name"), outside("Kiosk")}}},
		"developer is signed out":        &DeveloperAgain{Action: "/developer/new", Back: "/developer"},
		"developer's review":             &DeveloperReview{Look: Preview{Lang: "ar", Theme: "dark"}, Languages: []DeveloperOption{{Value: "ar", Text: outside("العربية")}, {Value: "en", Text: outside("English")}}, Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "review", ETag: "1", Open: true},
		"developer's review of too few":  &DeveloperReview{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "review", Problems: []Problem{rule("")}, Missing: []DeveloperMissing{{Step: "data", Text: outside("is missing")}}},
	})
	pages["developer's people"] = &DeveloperPeople{Common: own, Most: 10, Login: outside("test-1@acme.test"), Password: "GENERATED", Problems: []Problem{rule("")}, Saved: "other", Publishers: []DeveloperTesters{
		{ID: "acme", Name: outside("Acme"), People: []DeveloperPerson{{ID: "u-1", Name: outside("Ada Berg"), Login: outside("test-1@acme.test")}}}, {ID: "full", Name: outside("Full"), Full: true}}}
	pages["developer's keys"] = &DeveloperKeys{Common: own, Name: outside("CI"), Ends: "2027-01-31", Value: "gak_GENERATED", Saved: "other", Problems: []Problem{rule("")},
		Rights: []DeveloperRight{{Right: "client.read", Chosen: true}, {Right: "client.update"}}, Keys: []DeveloperKey{{ID: "k-1", Name: outside("CI"), Rights: []string{"client.read"}, ExpiresAt: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}}}
	pages["developer's code"] = &DeveloperCode{Common: own, App: app, Lang: "curl", File: outside("signin.go"), Run: outside("go run"), Code: outside("package main"), Variable: outside("CLIENT_SECRET"),
		Languages: []DeveloperLanguage{{ID: "curl", Name: outside("curl")}, {ID: "go", Name: outside("Go")}}}
	pages["developer's code of none"] = &DeveloperCode{Common: own, App: app, Lang: "go", Problems: []Problem{rule("")}}
	preview := *pages["consent"].(*Consent)
	preview.Common.Theme = "dark"
	preview.Preview = &Preview{At: "/developer/apps/photoprint/preview", Back: "/developer/apps/photoprint"}
	real := preview
	real.Preview = &Preview{At: "/admin/evaluate/consent", Back: "/admin/evaluate", Real: true}
	pages["consent of somebody to look at"] = &real
	pages["consent to look at"] = &preview
	framed := preview
	framed.Preview = &Preview{At: "/developer/apps/photoprint/preview", Framed: true}
	pages["consent in a frame"] = &framed
}
