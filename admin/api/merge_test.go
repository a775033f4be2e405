package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The examples of RFC 7396, appendix A.
func TestAMergePatchIsAppliedAsTheRFCSays(t *testing.T) {
	for _, c := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		var target, patch any
		require.NoError(t, json.Unmarshal([]byte(c[0]), &target))
		require.NoError(t, json.Unmarshal([]byte(c[1]), &patch))
		got, err := json.Marshal(merge(target, patch))
		require.NoError(t, err)
		require.JSONEq(t, c[2], string(got), "%s with %s", c[0], c[1])
		same, err := json.Marshal(target)
		require.NoError(t, err)
		require.JSONEq(t, c[0], string(same), "the target is not changed")
	}
}

// A body is whatever somebody sends.
func FuzzReadObject(f *testing.F) {
	f.Add(`{"a":{"b":[1,"x",null,true,1e400]}}`)
	f.Add(`{"a":1,"a":2}`)
	f.Add(`{"a":"\u0000"}`)
	f.Add(`{"a":1}x`)
	f.Add(strings.Repeat(`{"a":`, 50))
	f.Fuzz(func(t *testing.T, body string) {
		o, err := readObject([]byte(body))
		if err != nil || body == "" {
			return
		}
		require.True(t, json.Valid([]byte(body)), "what is read is JSON")
		_, _ = into[clientFields](o)
		client, err := clientOf(o, storageClient)
		if err == nil {
			_, err := clientObject(client)
			require.NoError(t, err)
		}
	})
}

// What a registration is sent as is read as the same registration.
func TestARegistrationSurvivesItsWayThroughJSON(t *testing.T) {
	o, err := clientObject(storageClient)
	require.NoError(t, err)
	again, err := clientOf(o, storageClient)
	require.NoError(t, err)
	require.Equal(t, storageClient, again)
}
