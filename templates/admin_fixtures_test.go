package templates

import (
	"maps"
	"time"
)

// adminSamples are the pages of the console, with every branch of their templates taken by at least one.
func adminSamples(own Common, outside func(string) string) map[string]Page {
	common := AdminCommon{Common: own, Links: []AdminLink{{AdminReviewPart, "/admin/reviews", true}, {AdminAppsPart, "/admin/apps", false}}}
	var hints []AdminHint
	for _, kind := range []string{"like_app", "like_host", "sensitive", "redirect_host", "new_domain"} {
		hints = append(hints, AdminHint{Kind: kind, Value: outside("one"), Other: outside("other")})
	}
	hints = append(hints, AdminHint{Kind: "redirect_host", Value: outside("one")})
	app := AdminWaiting{ClientID: "photoprint", Name: outside("PhotoPrint"), Publisher: outside("Acme Ltd"), Verified: true, Since: drawn, Version: true, Hints: hints}
	fresh := AdminWaiting{ClientID: "fresh", Name: outside("Fresh"), Since: drawn}
	can := map[string]bool{}
	var notes []AdminNote
	for _, action := range []string{"", "submit", "approve", "request-changes", "reject", "suspend", "reinstate", "archive", outside("other")} {
		can[action] = true
		notes = append(notes, AdminNote{By: outside("Rita"), Action: action, Text: outside("Because."), At: drawn.Add(-time.Hour)})
	}
	can["comment"], can["discard"], can["rotate-secret"] = true, true, true
	lines := []AdminLine{{outside("kept"), ""}, {outside("new"), "added"}, {outside("old"), "removed"}}
	pages := map[string]Page{
		"admin reviews":    &AdminReviews{AdminCommon: common, Items: []AdminWaiting{app, fresh}, Next: "/admin/reviews?after=1"},
		"admin no reviews": &AdminReviews{AdminCommon: common},
		"admin app": &AdminApp{AdminCommon: common, App: app, Status: "approved", Waiting: "submitted", Was: "1-2", Compared: true, Ways: []AdminWay{{AdminChange, "/admin/apps/photoprint/edit"}},
			Fields: []AdminField{{Name: "name", Lines: lines}, {Name: "redirect_uris", Lines: lines},
				{Name: "logo_uri", Lines: lines, Logos: []AdminLogo{{"/logo/a.png", "removed"}, {"/logo/b.png", "added"}, {"/logo/c.png", ""}}}},
			Scopes: []AdminScope{
				{Name: "email", Title: outside("Your e-mail address"), Sensitive: true, Change: "changed", Required: true,
					Purposes: []AdminPurpose{{"purpose-0-en", "en", lines, outside("to write to you")}, {"purpose-0-es", "es", lines, ""}}},
				{Name: "phone", Title: outside("Your phone number"), Change: "added"}, {Name: "address", Title: outside("Your address"), Change: "removed"},
				{Name: "openid", Title: outside("Your identifier"), Required: true, WasRequired: true},
			},
			Notes: notes, Requests: requestSamples(outside), Can: can, SignIn: "/login?interaction=sealed", EditName: outside("PhotoPrint"), Comment: outside("Well"), Secret: "once",
			Secrets: []AdminSecret{{ID: "0f3a", Created: drawn}, {ID: "91bc", Created: drawn, Ends: drawn}}, KeepHours: []int{0, 1, 24, 168}, Saved: "saved.approved_first",
			Problems: []Problem{{Key: "problem.rule", Args: map[string]string{"text": outside("comment: must not be empty")}}, {Key: "problem.moved"}}},
		"admin dashboard":    dashboardSample(common, outside),
		"admin evaluate":     evaluateSample(common, outside, "ask"),
		"admin evaluated":    evaluateSample(common, outside, "allowed"),
		"admin refused":      evaluateSample(common, outside, "denied"),
		"admin evaluate new": &AdminEvaluate{AdminCommon: common, Problems: []Problem{{Key: "problem.rule", Args: map[string]string{"text": outside("is not known")}}}},
		"admin archived app": &AdminApp{AdminCommon: common, App: fresh, Status: "archived", Compared: true},
		"admin again": &AdminAgain{AdminCommon: common, SignIn: "/admin/sign-in?back=%2Fadmin%2Fapps%2Fphotoprint", Back: "/admin/apps/photoprint",
			Action: "/admin/apps/photoprint", Fields: []Field{{"action", "suspend"}, {"comment", outside("It leaks.")}}},
		"admin again after a password":  &AdminAgain{AdminCommon: common, SignIn: "/admin/sign-in?back=%2Fadmin%2Fpeople%2F1", Back: "/admin/people/1", Lost: true},
		"admin again without a session": &AdminAgain{SignIn: "/admin/sign-in?back=%2Fadmin%2Fapps%2Fphotoprint", Back: "/admin/apps/photoprint", Action: "/admin/apps/photoprint"},
		"admin unsealed":                &AdminAgain{AdminCommon: common, Back: "/admin/apps/photoprint", Action: "/admin/apps/photoprint", Unsealed: true, Fields: []Field{{outside("comment"), outside("Why")}, {"empty", ""}}},
		"admin unsealed password":       &AdminAgain{AdminCommon: common, Back: "/admin/people/1", Lost: true, Unsealed: true},
	}
	maps.Copy(pages, adminRecordSamples(common, outside))
	maps.Copy(pages, adminOpsSamples(common, outside))
	return pages
}
