package templates

import (
	"html/template"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCleanTakesOutWhatCannotBeSeen(t *testing.T) {
	for in, want := range map[string]string{
		"PhotoPrint":             "PhotoPrint",
		"  a\tb\x00 ":            "a b",
		"gpj\u202eexe":           "gpjexe",
		"a\u200bb\u2060c\ufeffd": "abcd",
		"\u2066x\u2069":          "x",
		"\U000e0041tag":          "tag",
		"\u3164":                 "",
		"São Paulo 東京 القاهرة":   "São Paulo 東京 القاهرة",
		"line\nline":             "line\nline",
		"bad\xffutf8":            "badutf8",
	} {
		require.Equal(t, want, clean(in), "%q", in)
	}
}

func TestBDIKnowsTheLanguageOfItsText(t *testing.T) {
	require.Equal(t, template.HTML(`<bdi lang="ja">&lt;x&gt;</bdi>`), bdi("<x>", "ja"))
	require.Equal(t, template.HTML(`<bdi>x</bdi>`), bdi("x", `" onclick="`))
	require.Equal(t, template.HTML(`<bdi>x</bdi>`), bdi("x", ""))
}

func TestInitialIsALetter(t *testing.T) {
	for in, want := range map[string]string{"ana": "A", " «é»": "É", "東京": "東", "": "•", "***": "•", "\u202eb": "B"} {
		require.Equal(t, want, initial(in), "%q", in)
	}
}

func TestDatesAreWrittenAsInTheLanguage(t *testing.T) {
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	want := map[string]string{"en": "3 Nov 2026", "ja": "2026年11月3日", "de": "3. Nov. 2026"}
	for _, c := range catalogs {
		if text := want[c.tag]; text != "" {
			got, err := c.date(time.Date(2026, 11, 3, 23, 0, 0, 0, time.FixedZone("", -3600)))
			require.NoError(t, err)
			require.Contains(t, string(got), `datetime="2026-11-04"`)
			got, err = c.date(drawn)
			require.NoError(t, err)
			require.Equal(t, `<time datetime="2026-11-03">`+text+`</time>`, string(got))
		}
	}
}

func TestWhatHappenedInTheLastDayIsSaidAsTimeSince(t *testing.T) {
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	en := catalogs[0]
	for past, want := range map[time.Duration]string{
		-time.Minute: "just now", 59 * time.Second: "just now", time.Minute: "1 min ago", 59*time.Minute + 59*time.Second: "59 min ago",
		time.Hour: "1 h ago", 24*time.Hour - time.Second: "23 h ago", 24 * time.Hour: "2 Nov 2026",
	} {
		got, err := en.ago(drawn.Add(-past), drawn)
		require.NoError(t, err)
		require.Contains(t, string(got), ">"+want+"</time>", past)
	}
}

func TestMinutesAreNeverLessThanOne(t *testing.T) {
	p := testPages(t, Brand{})
	require.Equal(t, 30, p.minutes(drawn.Add(29*time.Minute+time.Second)))
	require.Equal(t, 1, p.minutes(drawn.Add(-time.Hour)))
}
