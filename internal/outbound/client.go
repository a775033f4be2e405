package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"code.dny.dev/ssrf"

	"gatehouse/internal/traces"
)

const (
	maxTime   = 5 * time.Second // of a whole exchange
	maxAnswer = 64 << 10        // bytes of a body, and of a header
)

// What can go wrong. No text of an error that Do or CheckURL returns holds more of the URL than its host.
var (
	// ErrRefused: we do not call that URL, or an address that its name resolves to. Trying again changes nothing.
	ErrRefused = errors.New("this URL may not be called (only https to public addresses may, and private networks with GATEHOUSE_ALLOW_PRIVATE_NETWORK=true)")
	// ErrUnreachable: there was no complete answer in time. Whether the other side did what was asked is not known.
	ErrUnreachable = errors.New("no answer")
	// ErrTooLarge: the body of the answer has more than 64 KiB.
	ErrTooLarge = errors.New("the answer has more than 64 KiB")
)

// Client calls other people's servers. It is for everybody at once; make one for the process.
type Client struct {
	allowPrivate bool
	limit        time.Duration
	// Each scheme has connections of its own, because each has rules of its own. A connection was checked by those rules
	// when it was made, and they never change; so a connection that is kept leads nowhere that a new one could not.
	https, http *http.Transport
}

// Response is an answer as it came, whatever its status: a redirect (3xx) is one too, and no success.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // at most 64 KiB, not decompressed
}

// New returns a Client. With allowPrivate (the setting GATEHOUSE_ALLOW_PRIVATE_NETWORK) it reaches private and loopback
// addresses as well, and loopback ones by http.
func New(allowPrivate bool) *Client { return NewWithin(allowPrivate, maxTime) }

// NewWithin is New with another time limit. It is for tests: a server that answers gets longer than any machine needs, and
// one that hangs is not waited for.
func NewWithin(allowPrivate bool, limit time.Duration) *Client {
	return newClient(allowPrivate, limit, rulesFor(allowPrivate), nil)
}

// newClient is New with what tests replace: the time limit, the rules for https and the resolver (nil: the usual one).
func newClient(allowPrivate bool, limit time.Duration, rules *ssrf.Guardian, resolver *net.Resolver) *Client {
	return &Client{
		allowPrivate: allowPrivate,
		limit:        limit,
		https:        transport(rules, limit, resolver),
		http:         transport(loopbackOnly(), limit, resolver),
	}
}

// transport keeps few connections and not for long, so that a server that has moved is found. HTTP/2 is off: a kept
// connection that has died silently would fail every call on it until it is noticed.
func transport(rules *ssrf.Guardian, limit time.Duration, resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: limit, Control: control(rules), Resolver: resolver}
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  nil, // a proxy would resolve and connect for us, past the rules
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    limit,
		Protocols:              protocols,
		DisableCompression:     true, // the limit on the answer is one on what we unpack as well
		MaxResponseHeaderBytes: maxAnswer,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        64, // one slow server does not take all our file descriptors
		IdleConnTimeout:        30 * time.Second,
	}
}

// Do sends r and returns the whole answer. It closes r's body in any case. An error is ErrRefused, ErrUnreachable or
// ErrTooLarge; when r's own context has ended it is that context's error too.
func (c *Client) Do(r *http.Request) (*Response, error) {
	ctx, span := traces.Start(r.Context(), r.Method)
	if span != nil {
		r = r.WithContext(ctx)
		r.Header = span.Inject(r.Header)
	}
	response, err := c.do(r)
	endCall(span, r, response, err)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", r.URL.Host, err)
	}
	return response, nil
}

func (c *Client) do(r *http.Request) (*Response, error) {
	if err := checkURL(r.URL, c.allowPrivate); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	through := c.https
	if r.URL.Scheme == "http" {
		through = c.http
	}
	ctx, cancel := context.WithTimeout(r.Context(), c.limit)
	defer cancel()
	// A transport, unlike an http.Client, follows no redirect, keeps no cookie and puts no URL into its errors.
	answer, err := through.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, c.explain(r.Context(), err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		// The connection is ours now, and no longer ends with ctx: nothing would limit reading from it.
		return nil, fmt.Errorf("%w: it switched to another protocol, which nobody asked for", ErrUnreachable)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.explain(r.Context(), err)
	case len(body) > maxAnswer:
		return nil, ErrTooLarge
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// explain turns the error of an exchange into one of ours. Of the error's own text only what the network said is kept:
// other texts quote the answer, which may hold what we have sent, or the certificate, in which the other side writes what
// it likes.
func (c *Client) explain(caller context.Context, err error) error {
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		network     *net.OpError
	)
	switch {
	case errors.Is(err, ErrRefused):
		return refusal(err)
	case caller.Err() != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, caller.Err())
	case isTimeout(err):
		return fmt.Errorf("%w within %s", ErrUnreachable, c.limit)
	case errors.As(err, &name):
		return fmt.Errorf("%w: its name does not resolve: %s", ErrUnreachable, name.Err)
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: its certificate is not good: %s", ErrUnreachable, fault(certificate.Err))
	case errors.As(err, &network):
		return fmt.Errorf("%w: %w", ErrUnreachable, network)
	}
	return fmt.Errorf("%w: what came is no complete HTTP answer, or no TLS", ErrUnreachable)
}

// fault says what is wrong with a certificate.
func fault(err error) string {
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "it is for other names"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "it is signed by nobody whom this machine trusts"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "it has expired, or is not valid yet"
	}
	return "it is not valid for a server"
}

// refusal takes what the dialer wraps around our own error off again.
func refusal(err error) error {
	if network, ok := errors.AsType[*net.OpError](err); ok && errors.Is(network.Err, ErrRefused) {
		return network.Err
	}
	return err
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}
