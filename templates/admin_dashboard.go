package templates

import (
	"fmt"
	"strings"
	"time"
)

// AdminDashboard shows how things go.
type AdminDashboard struct {
	AdminCommon
	Ranges   []AdminRange
	Plots    []AdminPlot
	Reviews  AdminAmount
	Dead     AdminAmount // deliveries that were given up
	Failing  AdminAmount // deliveries that are sent again
	Unsealed AdminAmount // events of the audit log
	Secrets  []AdminEnding
}

// AdminRange leads to another range of the dashboard.
type AdminRange struct {
	Key  string // admin.hours or admin.days
	N    int
	Path string
	Here bool
}

// AdminAmount is how much of something there is.
type AdminAmount struct {
	N      int
	Oldest time.Time // zero: it does not matter
	Path   string    // where it is listed; empty: the person may not go there
}

// AdminEnding is a secret that ends.
type AdminEnding struct {
	ClientID string
	Name     string // of the mini app
	EndsAt   time.Time
}

// AdminPlot is how often something happened, as bars.
type AdminPlot struct {
	ID     string // the API's name of what is counted
	Key    string // of its name in the catalog: one of the AdminCount…
	Total  int
	Points []AdminPoint
}

// AdminPoint is a bar.
type AdminPoint struct {
	At time.Time
	N  int
}

// What is counted.
const (
	AdminCountSignIns     = "admin.count_sign_ins"
	AdminCountFailed      = "admin.count_failed"
	AdminCountConsents    = "admin.count_consents"
	AdminCountDenials     = "admin.count_denials"
	AdminCountTokens      = "admin.count_tokens"
	AdminCountTokenErrors = "admin.count_token_errors"
)

// AdminDashboardPart is the dashboard's name in the links of the console.
const AdminDashboardPart = "admin.dashboard"

// A bar in units of the picture, which is stretched to its place.
const (
	barStep, barWidth = 10, 8
	barHeight         = 60
)

// Most is the greatest number of all.
func (p AdminPlot) Most() (most int) {
	for _, point := range p.Points {
		most = max(most, point.N)
	}
	return most
}

// Box is the picture's viewBox.
func (p AdminPlot) Box() string {
	return fmt.Sprintf("0 0 %d %d", max(1, len(p.Points))*barStep, barHeight)
}

// Bars are the outlines of all bars, as the d of a path. What happened at all can be seen.
func (p AdminPlot) Bars() string {
	var d strings.Builder
	most := max(1, p.Most())
	for i, point := range p.Points {
		if point.N > 0 {
			height := max(2, point.N*barHeight/most)
			fmt.Fprintf(&d, "M%d %dv-%dh%dv%dz", i*barStep+(barStep-barWidth)/2, barHeight, height, barWidth, height)
		}
	}
	return d.String()
}

// First is when the first bar begins.
func (p AdminPlot) First() time.Time { return p.Points[0].At }

// Last is when the last bar begins.
func (p AdminPlot) Last() time.Time { return p.Points[len(p.Points)-1].At }

// ClientRequest is one of the last answers that a mini app got.
type ClientRequest struct {
	At        time.Time
	Endpoint  string
	Format    string // empty: the RFCs'
	Outcome   string
	OK        bool
	Reason    string // in English; empty where it is OK
	RequestID string
}

func (*AdminDashboard) name() string    { return "admin_dashboard" }
func (*AdminDashboard) address() string { return "/admin/dashboard" }
