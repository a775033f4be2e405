package superapp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The databases keep no NUL in text. A backslash before u0000 is six characters that they do keep.
func TestAttributesWithNULAreRefusedAndNothingElse(t *testing.T) {
	for _, raw := range []string{`{"a":"\u0000"}`, `{"\u0000":1}`, `{"a":["b",{"c":"d\u0000"}]}`, `{"a":{"b\u0000":null}}`} {
		_, err := readAttributes(raw)
		require.ErrorContains(t, err, "NUL", raw)
	}
	for _, raw := range []string{`{"path":"C:\\u0000"}`, `{"\\u0000":["\\\\u0000",1,true,null]}`, `{}`} {
		_, err := readAttributes(raw)
		require.NoError(t, err, raw)
	}
}
