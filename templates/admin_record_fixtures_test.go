package templates

// adminRecordSamples are the generic pages of the console, with every branch of their templates taken by at least one.
func adminRecordSamples(common AdminCommon, outside func(string) string) map[string]Page {
	facts := []AdminFact{
		{"name", []AdminValue{{Text: outside("Acme Ltd")}, {Text: outside("Acme"), Path: "/admin/companies/acme"}}},
		{"id", []AdminValue{{Text: "acme", Code: true}, {Text: "acme", Code: true, Path: "/admin/companies/acme"}}},
		{"created_at", []AdminValue{{At: drawn}}},
		{"empty", nil},
	}
	rows := []AdminRow{
		{Path: "/admin/publishers/acme", Title: outside("Acme Ltd"), Tags: []AdminTag{{AdminVerified, "good"}, {AdminNew, ""}}, Facts: facts,
			Does: []AdminRowAct{{Path: "/admin/publishers/acme", Action: "verify", Key: AdminVerify, Item: "1", Was: "2"}}},
		{Title: outside("Other"), Does: []AdminRowAct{{Path: "/admin/publishers/other", Action: "unverify", Key: AdminUnverify}}},
	}
	var states []AdminRow
	for _, status := range []string{"draft", "submitted", "changes_requested", "approved", "rejected", "suspended", "archived"} {
		states = append(states, AdminRow{Title: outside("An app"), Tags: []AdminTag{AdminStatus(status)}})
	}
	for _, decision := range []string{"allowed", "denied", "expired"} {
		states = append(states, AdminRow{Title: outside("email"), Tags: []AdminTag{AdminDecided(decision)}})
	}
	options := []AdminOption{{Value: "", Key: "admin.any"}, {Value: "one", Text: outside("One"), Chosen: true}, {Value: "2"}}
	fields := []AdminInput{
		{Name: "name", Value: outside("Acme"), Required: true, Max: 80, Lang: "en"},
		{Name: "email", Label: "field.email", Kind: InputEmail, Value: "ana@example.com"},
		{Name: "from", Kind: InputDate, Value: "2026-11-03"},
		{Name: "password", Kind: InputPassword},
		{Name: "developers", Kind: InputLines, Value: outside("ana@example.com"), Hint: AdminPerLine},
		{Name: "status", Kind: InputSelect, Options: options[:2]},
		{Name: "roles", Kind: InputChecks, Options: options, Hint: AdminPerLine},
		{Name: "email", Kind: InputGroup, Fields: []AdminInput{{Name: "use:email", Label: AdminUse, Kind: InputSelect, Options: options[:2]}, {Name: "purpose:email:en", Label: AdminPurposed, Lang: "en"}}},
		{Name: "names", Label: AdminNames, Kind: InputGroup, Folded: true, Fields: []AdminInput{{Name: "name:de", Value: outside("Kasse"), Lang: "de"}}},
	}
	record := &AdminRecord{AdminCommon: common, Path: "/admin/publishers/acme", Title: outside("Acme Ltd"), ID: "acme",
		Tags: []AdminTag{{AdminVerified, "good"}}, Ways: []AdminWay{{AdminAppsPart, "/admin/apps?publisher=acme"}}, Facts: facts,
		Sections: []AdminSection{{"sessions", AdminSessionsPart, rows, "/admin/sessions?user=1"}, {ID: "decisions", Key: AdminDecisionsPart}},
		Forms: []AdminForm{
			{ID: "change", Key: AdminChange, Hint: AdminPerLine, Fields: fields, Was: "1", Buttons: []AdminButton{{"save", AdminSave}, {"verify", AdminVerify}}},
			{ID: "folded", Key: AdminVerified, Folded: true, Fields: fields[:1], Buttons: []AdminButton{{"verify", AdminVerify}}},
		},
		SignIn: "/admin/sign-in?back=%2Fadmin", Failed: "change", Saved: "saved.other", Secret: "once",
		Problems: []Problem{{"name", "problem.name", map[string]string{"n": "80"}}, {"id", "problem.rule", map[string]string{"text": outside("is wrong")}}, {Key: "problem.moved"}}}
	fresh := &AdminRecord{AdminCommon: common, Path: "/admin/new/publishers", TitleKey: AdminNew, Failed: "folded", Forms: record.Forms[1:]}
	return map[string]Page{
		"admin record":     record,
		"admin new record": fresh,
		"admin list": &AdminList{AdminCommon: common, Title: AdminPublishersPart, Path: "/admin/publishers", Lead: AdminPerLine, Ways: record.Ways,
			Filters: []AdminInput{{Name: "q", Label: "admin.search", Kind: InputSearch, Value: outside("ac")}, fields[5]}, Rows: rows, Next: "/admin/publishers?after=1",
			SignIn: record.SignIn, Saved: "saved.other", Problems: []Problem{{Key: "problem.taken"}}},
		"admin states":        &AdminList{AdminCommon: common, Title: AdminAppsPart, Path: "/admin/apps", Rows: states},
		"admin nothing found": &AdminList{AdminCommon: common, Title: AdminPublishersPart, Path: "/admin/publishers", Filters: fields[:1]},
		"admin nothing yet":   &AdminList{AdminCommon: common, Title: AdminAppsPart, Path: "/admin/apps", Filters: fields[:1], Nothing: AdminAppsNone},
		"admin empty list":    &AdminList{AdminCommon: common, Title: AdminPublishersPart, Path: "/admin/publishers"},
	}
}
