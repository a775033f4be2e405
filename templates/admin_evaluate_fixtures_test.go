package templates

// evaluateSample is what a person would share, with this verdict.
func evaluateSample(common AdminCommon, outside func(string) string, verdict string) *AdminEvaluate {
	page := &AdminEvaluate{AdminCommon: common, Named: true, ClientID: "photoprint", User: "ana@example.com", Scope: "openid email"}
	page.Result = &AdminEvaluation{Verdict: verdict, Status: "approved", Consent: "/admin/evaluate/consent?client_id=photoprint"}
	if verdict == "denied" {
		return page
	}
	page.Result.Granted, page.Result.UserInfo, page.Result.IDToken = []string{"openid", "email"}, outside(`{"sub": "u-1"}`), outside(`{"iss": "https://id.example"}`)
	if verdict == "ask" {
		page.Result.Ask = []string{"email"}
	}
	return page
}
