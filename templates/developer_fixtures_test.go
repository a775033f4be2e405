package templates

import "maps"

// addDeveloperSamples adds the pages of developers.
func addDeveloperSamples(pages map[string]Page, own Common, outside func(string) string) {
	app := DeveloperApp{ClientID: "photoprint", Name: outside("PhotoPrint"), Publisher: outside("Acme Ltd"), Status: "approved", Waiting: "changes_requested"}
	rule := func(id string) Problem {
		return Problem{Field: id, Key: "problem.rule", Args: map[string]string{"text": outside("is http; use https")}}
	}
	list := &Developer{Common: own, Next: "/developer?after=a"}
	for _, status := range []string{"draft", "submitted", "changes_requested", "approved", "rejected", "suspended", "archived"} {
		list.Apps = append(list.Apps, DeveloperApp{ClientID: status, Name: outside(status), Status: status})
	}
	list.Apps = append(list.Apps, app)
	maps.Copy(pages, map[string]Page{
		"developer":           list,
		"developer of none":   &Developer{Common: own},
		"developer refused":   &Developer{Common: own, Refused: true},
		"developer's app":     &DeveloperMiniApp{Common: own, App: app, ETag: "1", Editable: true, Changed: []string{"name"}, Confidential: true, Secret: "gas_1", Secrets: []DeveloperSecret{{Created: drawn}, {Created: drawn, Ends: drawn}}, Saved: "comment"},
		"developer's old app": &DeveloperMiniApp{Common: own, App: DeveloperApp{ClientID: "old", Name: outside("Old"), Status: "archived"}, Problems: []Problem{rule("comment-text"), {Key: "problem.conflict"}}, Comment: outside("Why"), Notes: []DeveloperNote{{Status: "submitted", At: drawn}, {Author: outside("Bo"), Text: outside("Why?"), At: drawn}}},
		"developer's new app": &DeveloperStep{Common: own, Step: "identity", Fields: []DeveloperField{
			{ID: "name", Name: "name", Label: "name", Value: outside("PhotoPrint")},
			{ID: "publisher", Name: "publisher", Label: "publisher", Kind: "select", Value: "acme", Options: []DeveloperOption{{Value: "acme", Text: outside("Acme")}, {Value: "other", Label: "public_true"}}},
			{ID: "contacts-0", Name: "contacts", Label: "contact", Number: 1, Kind: "email", Optional: true}}},
		"developer's redirects": &DeveloperStep{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "redirects", ETag: "1", Live: true, Saved: "draft",
			Fields: []DeveloperField{{ID: "redirect_uris-0", Name: "redirect_uris", Label: "redirect_uri", Number: 1, Kind: "url", Value: "http://a.example/"},
				{ID: "jwks", Name: "jwks", Label: "jwks", Kind: "lines", Optional: true}},
			Problems: []Problem{rule("redirect_uris-0"), rule("jwks"), rule(""), {Key: "problem.conflict"}}},
		"developer's data": &DeveloperStep{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "data", ETag: "1", Scopes: []DeveloperScope{
			{Name: "email", Title: outside("Your e-mail"), Description: outside("Read it"), Claims: []string{"email", "name"}, Use: "required", Sensitive: true,
				Purposes: []DeveloperPurpose{{Lang: "en", Language: outside("en"), Text: outside("To send your order status")}, {Lang: "de", Language: outside("de")}}},
			{Name: "phone", Title: outside("Your phone"), Use: "optional"}, {Name: "x", Title: outside("X")}}, Problems: []Problem{rule("purpose-email-en"), rule("use-phone")}},
		"developer's review":            &DeveloperReview{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "review", ETag: "1", Open: true},
		"developer's review of too few": &DeveloperReview{Common: own, ClientID: "photoprint", Name: outside("PhotoPrint"), Step: "review", Problems: []Problem{rule("")}, Missing: []DeveloperMissing{{Step: "data", Text: outside("is missing")}}},
	})
	preview := *pages["consent"].(*Consent)
	preview.Preview = &Preview{At: "/developer/apps/photoprint/preview", Back: "/developer/apps/photoprint"}
	pages["consent to look at"] = &preview
}
