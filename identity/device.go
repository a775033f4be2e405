package identity

import (
	"cmp"
	"strings"
)

// Names as they stand in a User-Agent, the more special before those that they pretend to be.
var (
	browsers = []named{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems = []named{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
		{"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

type named struct{ mark, name string }

// Device is how a person recognises one of their browsers: "Firefox · Linux", or what it calls itself first.
func Device(userAgent string) string {
	var parts []string
	for _, names := range [][]named{browsers, systems} {
		for _, n := range names {
			if strings.Contains(userAgent, n.mark) {
				parts = append(parts, n.name)
				break
			}
		}
	}
	if len(parts) == 0 {
		first, _, _ := strings.Cut(userAgent, " ")
		return cmp.Or(printable(first, 40), "?")
	}
	return strings.Join(parts, " · ")
}
