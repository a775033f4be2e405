package outbound

import (
	"bytes"
	"io"
	"net/http"
)

// HTTP returns c for libraries that want an http.Client. All that Do promises is true of it: no redirect is followed, an
// exchange takes at most 5 seconds, and an answer has at most 64 KiB. An *url.Error of it names the whole URL.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Transport: roundTripper{c}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type roundTripper struct{ client *Client }

// RoundTrip is Do, with an answer of the type that net/http wants.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.client.Do(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(answer.Status), StatusCode: answer.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.Header, Body: io.NopCloser(bytes.NewReader(answer.Body)), ContentLength: int64(len(answer.Body)), Request: r,
	}, nil
}
