package registry

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatReadsAsALinkIsNoPurpose(t *testing.T) {
	for text, want := range map[string]bool{
		"go to evil.com/free for it":           true,
		"javascript:alert(1)":                  true,
		"mailto:x":                             true,
		"see https://mini.example":             true,
		"see www.mini.example":                 true,
		"write to x@evil.com":                  true,
		"write to x@evil":                      true,
		"tap \uff45\uff56\uff49\uff4c.com now": true, // fullwidth
		"tap evil\u3002com now":                true, // an ideographic full stop
		"tap evil\uff61com now":                true, // a halfwidth one
		"tap evil\uff0ecom now":                true, // a fullwidth one
		"tap evil\u2024com now":                true, // a leader
		"tap evil.example/free now":            true,
		"tap sub.evil.co.uk":                   true,
		"tap EVIL.COM.":                        true,
		"(evil.shop)":                          true,
		"tap evil.\u0440\u0444 now":            true, // the domain of Russia
		"tap evil.\u4e2d\u56fd":                true, // of China
		"tap 203.0.113.5 now":                  true,
		"to <b>send</b> it":                    true,
		"e.g. 2.5 km from you":                 false,
		"e.g.2.5 km":                           false,
		"Ana's. And yours":                     false,
		"as of v1.2, and v1.2.3.4":             false,
		"version 1.2.3":                        false,
		"at 10:30, or 7.30 p.m.":               false,
		"for you: your orders":                 false,
		"in the U.S. and the U.K. alike":       false,
		"and/or your address (a < b)":          false,
		"to e-mail you @ once":                 false,
		"\u7528\u4e8e\uff1a\u5bc4\u9001\u3002\u8bf7\u786e\u8ba4\u3002":             false, // Chinese with its colon and full stops
		"\u6ce8\u6587\u3092\u9001\u308a\u307e\u3059\u3002\u4f7f\u3044\u307e\u3059": false, // Japanese
	} {
		require.Equal(t, want, hasLink(text), "%q", text)
	}
}
