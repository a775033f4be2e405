package templates

import "time"

// dashboardSample is the dashboard of 30 days, where much happens.
func dashboardSample(common AdminCommon, outside func(string) string) *AdminDashboard {
	page := &AdminDashboard{
		AdminCommon: common,
		Ranges:      []AdminRange{{"admin.hours", 24, "/admin/dashboard?range=24h", true}, {"admin.days", 30, "/admin/dashboard?range=30d", false}},
		Reviews:     AdminAmount{N: 3, Oldest: drawn.Add(-time.Hour), Path: "/admin/reviews"}, Dead: AdminAmount{N: 2, Oldest: drawn}, Unsealed: AdminAmount{N: 1},
	}
	for range 50 {
		page.Secrets = append(page.Secrets, AdminEnding{"photoprint", outside("PhotoPrint"), drawn})
	}
	for n, key := range []string{AdminCountSignIns, AdminCountFailed, AdminCountConsents, AdminCountDenials, AdminCountTokens, AdminCountTokenErrors} {
		plot := AdminPlot{ID: "p" + string(rune('0'+n)), Key: key, Total: 1_234_567}
		for day := range 30 {
			plot.Points = append(plot.Points, AdminPoint{drawn.AddDate(0, 0, day), (n + 1) * day * 7919 % 100_003})
		}
		page.Plots = append(page.Plots, plot)
	}
	return page
}

// requestSamples are requests that went well, and badly.
func requestSamples(outside func(string) string) []ClientRequest {
	return []ClientRequest{
		{At: drawn, Endpoint: "token", Format: "gam", Outcome: "invalid_grant", Reason: outside("code was used before"), RequestID: "1"},
		{At: drawn, Endpoint: "userinfo", Outcome: "ok", OK: true},
	}
}
