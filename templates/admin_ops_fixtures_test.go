package templates

// adminOpsSamples are the pages of what operators run, as admin/console fills the generic ones.
func adminOpsSamples(common AdminCommon, outside func(string) string) map[string]Page {
	scope := func(s ConsentItem, tags ...AdminTag) *AdminRecord {
		return &AdminRecord{AdminCommon: common, Path: "/admin/scopes/" + s.Scope, Title: s.Title, ID: s.Scope, Tags: tags, Seen: &s,
			Facts: []AdminFact{{"claims", []AdminValue{{Text: outside("points")}}}, {"sensitive", []AdminValue{{Text: "true", Code: true}}}}}
	}
	own := scope(ConsentItem{Scope: "points_read", Title: outside("Your points"), Description: outside("How many points you have."), Claims: []string{"points"}, Sensitive: true},
		AdminTag{AdminSensitive, "warn"})
	own.Forms = []AdminForm{
		{ID: "change", Key: AdminChange, Was: "1", Buttons: []AdminButton{{"save", AdminSave}}, Fields: []AdminInput{
			{Name: "claims", Kind: InputLines, Value: outside("points"), Hint: AdminPerLine},
			{Name: "is", Kind: InputChecks, Options: []AdminOption{{Value: "sensitive", Chosen: true}, {Value: "client"}}},
			{Name: "title.en", Value: outside("Your points"), Lang: "en"}, {Name: "description.en", Lang: "en"},
			{Name: "language", Hint: AdminLanguageHint}, {Name: "title.another"}, {Name: "description.another"}}},
		{ID: "delete", Key: AdminDelete, Folded: true, Was: "1", Buttons: []AdminButton{{"delete", AdminDelete}}},
	}
	at, by := AdminFact{"at", []AdminValue{{At: drawn}}}, AdminFact{"actor", []AdminValue{{Text: outside("Ana"), Path: "/admin/audit?actor=user%3A1"}}}
	target := AdminFact{"target", []AdminValue{{Text: "client:photoprint", Code: true, Path: "/admin/apps/photoprint"}}}
	detail := AdminFact{"detail", []AdminValue{{Text: outside("reason=because")}, {Text: outside("from=submitted")}}}
	return map[string]Page{
		"admin scope":          own,
		"admin built-in scope": scope(ConsentItem{Scope: "openid", Title: outside("Your identifier")}, AdminTag{AdminBuiltIn, ""}),
		"admin keys": &AdminList{AdminCommon: common, Title: AdminKeysPart, Path: "/admin/keys", Ways: []AdminWay{{AdminRotate, "/admin/new/keys"}}, Rows: []AdminRow{
			{Title: outside("k3"), Tags: []AdminTag{{AdminKeyNext, "warn"}}}, {Title: outside("k2"), Tags: []AdminTag{{AdminKeyActive, "good"}}}, {Title: outside("k1"), Tags: []AdminTag{{AdminKeyRetired, ""}}}}},
		"admin rotate": &AdminRecord{AdminCommon: common, Path: "/admin/new/keys", TitleKey: AdminRotate, Forms: []AdminForm{{ID: "create", Key: AdminRotate, Hint: AdminRotateHint,
			Fields:  []AdminInput{{Name: "when", Kind: InputChecks, Options: []AdminOption{{Value: "immediately"}}}},
			Buttons: []AdminButton{{"create", AdminRotate}}}}},
		"admin api keys": &AdminList{AdminCommon: common, Title: AdminAPIKeysPart, Path: "/admin/api-keys", Rows: []AdminRow{
			{Title: outside("Nightly export"), Tags: []AdminTag{{AdminExpired, "bad"}}, Facts: []AdminFact{{"rights", []AdminValue{{Text: outside("client.*")}}}},
				Does: []AdminRowAct{{Path: "/admin/api-keys", Action: "delete", Key: AdminDelete, Item: "k1"}}}}},
		"admin audit": &AdminList{AdminCommon: common, Title: AdminAuditPart, Path: "/admin/audit", Next: "/admin/audit?after=1",
			Ways:    []AdminWay{{AdminExport, "/admin/audit/export?"}},
			Filters: []AdminInput{{Name: "actor"}, {Name: "since", Kind: InputDate, Value: "2026-11-03"}},
			Rows: []AdminRow{{Title: outside("client.approve"), Tags: []AdminTag{{AdminSealed, "good"}}, Facts: []AdminFact{at, by, target, detail}},
				{Title: outside("client.suspend"), Tags: []AdminTag{{AdminUnsealed, "warn"}}, Facts: []AdminFact{at, by, target}}}},
		"admin deliveries": &AdminList{AdminCommon: common, Title: AdminDeliveriesPart, Path: "/admin/deliveries", Rows: []AdminRow{
			{Path: "/admin/deliveries/1", Title: outside("grant_ended"), Tags: []AdminTag{{AdminPending, "warn"}}}, {Path: "/admin/deliveries/2", Title: outside("grant_ended"), Tags: []AdminTag{{AdminDelivered, "good"}}}}},
		"admin delivery": &AdminRecord{AdminCommon: common, Path: "/admin/deliveries/3", Title: outside("grant_ended"), ID: "3", Tags: []AdminTag{{AdminDead, "bad"}},
			Forms: []AdminForm{{ID: "retry", Key: AdminRetry, Buttons: []AdminButton{{"retry", AdminRetry}}}}},
		"admin scopes": &AdminList{AdminCommon: common, Title: AdminCataloguePart, Path: "/admin/scopes"},
	}
}
