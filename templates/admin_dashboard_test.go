package templates

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A page has to come in 30 KB on a slow line, style sheet and all, in every language.
func TestTheDashboardOfThirtyBusyDaysIsLight(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	for _, lang := range p.Languages() {
		size := compressed(t, draw(p, lang, dashboardSample(AdminCommon{}, plainly)).Body)
		require.Less(t, size, 20<<10, lang)
	}
}

func TestBarsAreAsHighAsTheirShareOfTheMost(t *testing.T) {
	plot := AdminPlot{Points: []AdminPoint{{time.Time{}, 50}, {time.Time{}, 0}, {time.Time{}, 100}, {time.Time{}, 1}}}
	require.Equal(t, "M1 60v-30h8v30zM21 60v-60h8v60zM31 60v-2h8v2z", plot.Bars(), "what happened once can be seen, what did not is not there")
	require.Equal(t, "0 0 40 60", plot.Box())
	require.Empty(t, AdminPlot{Points: make([]AdminPoint, 3)}.Bars())
}
