package outbound

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

const (
	soon  = 200 * time.Millisecond // a time limit that tests can wait for
	ample = time.Minute            // one that only what hangs meets
	token = "s3cr3t-value"         // stands for whatever must not be in an error
)

// private is a Client that reaches the servers of these tests, which are on loopback.
func private(t *testing.T, limit time.Duration) *Client {
	c := NewWithin(true, limit)
	t.Cleanup(func() { c.http.CloseIdleConnections(); c.https.CloseIdleConnections() })
	return c
}

// call posts the token, as body, header and query.
func call(t *testing.T, c *Client, url string) (*Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/sign-in?token="+token, strings.NewReader(token))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	return c.Do(r)
}

// requireFailure checks that err is of the kind and says nothing about the URL but its host.
func requireFailure(t *testing.T, kind, err error) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	for _, hidden := range []string{token, "token=", "sign-in", "Bearer"} {
		require.NotContains(t, err.Error(), hidden)
	}
}

func answering(t *testing.T, h http.HandlerFunc) (url string) {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// counting serves h and counts the connections that are opened to it, whether they carry a request or not.
func counting(t *testing.T, server *httptest.Server) (opened *atomic.Int64) {
	opened = &atomic.Int64{}
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	return opened
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

func TestDoReturnsTheAnswer(t *testing.T) {
	url := answering(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Got", r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(body)
	})
	answer, err := call(t, private(t, ample), url)
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, answer.Status)
	require.Equal(t, "POST /sign-in Bearer "+token, answer.Header.Get("X-Got"))
	require.Equal(t, token, string(answer.Body))
}

func TestDoReachesLoopbackOnlyWithTheSetting(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			server := start(http.HandlerFunc(ok))
			t.Cleanup(server.Close)
			c := New(false)
			trust(c, server)
			_, err := call(t, c, server.URL)
			requireFailure(t, ErrRefused, err)

			c = NewWithin(true, ample)
			trust(c, server)
			answer, err := call(t, c, server.URL)
			require.NoError(t, err)
			require.Equal(t, "ok", string(answer.Body))
		})
	}
}

// trust makes c accept the certificate of a test's server, which is for example.com, 127.0.0.1 and ::1.
func trust(c *Client, server *httptest.Server) {
	roots := x509.NewCertPool()
	if server.Certificate() != nil {
		roots.AddCert(server.Certificate())
	}
	c.https.TLSClientConfig.RootCAs = roots
}

// Where the static check is passed, the dialer still refuses: nothing connects.
func TestNamesThatResolveToForbiddenAddressesAreNotConnectedTo(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "::1", "0.0.0.0", "::", "10.0.0.1", "100.64.0.1", "169.254.169.254", "fe80::1",
		"224.0.0.1", "192.0.2.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00::1"} {
		t.Run(address, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(ok))
			opened := counting(t, server)
			server.StartTLS()
			names := &fakeDNS{}
			names.set(address)
			c := newClient(false, ample, rulesFor(false), names.resolver(t))
			trust(c, server)
			_, err := call(t, c, "https://example.com:"+port(server))
			requireFailure(t, ErrRefused, err)
			require.Zero(t, opened.Load())
		})
	}
}

func TestPrivateAddressesAreAllowedByTheSettingAndOthersAreNot(t *testing.T) {
	for address, allowed := range map[string]bool{
		"tcp4 127.0.0.1:443": true, "tcp4 10.1.2.3:443": true, "tcp4 172.16.0.1:80": true, "tcp4 192.168.0.1:8443": true,
		"tcp6 [::1]:443": true, "tcp6 [fd00::1]:443": true, "tcp4 8.8.8.8:443": true,
		"tcp4 169.254.169.254:443": false, "tcp4 0.0.0.0:443": false, "tcp4 100.64.0.1:443": false, "tcp4 224.0.0.1:443": false,
		"tcp6 [fe80::1]:443": false, "tcp6 [fe80::1%eth0]:443": false, "tcp6 [::ffff:127.0.0.1]:443": false,
		"tcp6 [64:ff9b::a00:1]:443": false, "tcp6 [2002:a00:1::]:443": false, "tcp6 [::]:443": false, "udp4 10.0.0.1:443": false,
	} {
		network, hostPort, _ := strings.Cut(address, " ")
		err := control(rulesFor(true))(network, hostPort, nil)
		require.Equal(t, allowed, err == nil, "%s: %v", address, err)
	}
	for address, allowed := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "10.0.0.1:80": false, "8.8.8.8:80": false,
		"[fd00::1]:80": false, "[2606:4700::1111]:80": false} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		err := control(loopbackOnly())(network, address, nil)
		require.Equal(t, allowed, err == nil, "http to %s: %v", address, err)
	}
}

// http://localhost may be called with the setting, but not when localhost is somewhere else.
func TestHTTPReachesLoopbackOnly(t *testing.T) {
	c := private(t, ample)
	_, err := call(t, c, "http://example.com")
	requireFailure(t, ErrRefused, err)

	names := &fakeDNS{}
	names.set("10.0.0.1")
	c = newClient(true, ample, rulesFor(true), names.resolver(t))
	_, err = call(t, c, "http://server.localhost")
	requireFailure(t, ErrRefused, err)
}

func TestLocalhostIsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(ok))
	opened := counting(t, server)
	server.Start()
	for _, host := range []string{"localhost", "LOCALHOST", "localhost.", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]"} {
		for _, scheme := range []string{"http", "https"} {
			_, err := call(t, New(false), scheme+"://"+host+":"+port(server))
			requireFailure(t, ErrRefused, err)
		}
	}
	require.Zero(t, opened.Load())
}

// The name leads to an address that is allowed, then to one that is not. For this test 127.0.0.2 is the public one.
func TestRebindingANameGainsNothing(t *testing.T) {
	answers := func(word string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) }
	}
	var public, own net.Listener
	for range 20 { // a port that is free at one address may be another program's at the other
		var err error
		if public, err = net.Listen("tcp4", "127.0.0.2:0"); err != nil {
			t.Skipf("this system has no 127.0.0.2: %v", err)
		}
		own, err = net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", public.Addr().(*net.TCPAddr).Port))
		if err == nil {
			break
		}
		require.NoError(t, public.Close())
	}
	require.NotNil(t, own, "no port is free at both addresses")

	outside := httptest.NewUnstartedServer(answers("outside"))
	require.NoError(t, outside.Listener.Close())
	outside.Listener = public
	outside.StartTLS()
	t.Cleanup(outside.Close)

	inside := httptest.NewUnstartedServer(answers("inside"))
	require.NoError(t, inside.Listener.Close())
	inside.Listener = own
	opened := counting(t, inside)
	inside.StartTLS()

	names := &fakeDNS{}
	rules := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.2/32")))
	c := newClient(false, ample, rules, names.resolver(t))
	trust(c, outside)
	url := "https://example.com:" + port(outside)

	var kept *Response
	for range 20 { // not every connection is kept, see TestConnectionsAreKept
		names.set("127.0.0.2")
		answer, err := call(t, c, url)
		require.NoError(t, err)
		require.Equal(t, "outside", string(answer.Body))

		names.set("127.0.0.1")
		if kept, err = call(t, c, url); err == nil {
			break
		}
		requireFailure(t, ErrRefused, err)
	}
	require.NotNil(t, kept, "a kept connection leads to where it was made to")
	require.Equal(t, "outside", string(kept.Body))

	c.https.CloseIdleConnections()
	_, err := call(t, c, url)
	requireFailure(t, ErrRefused, err)
	require.Zero(t, opened.Load())

	names.set("127.0.0.1", "127.0.0.2")
	answer, err := call(t, c, url)
	require.NoError(t, err, "of several addresses only the allowed one is taken")
	require.Equal(t, "outside", string(answer.Body))
	require.Zero(t, opened.Load())
}

func TestConnectionsAreKept(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(ok))
	opened := counting(t, server)
	server.Start()
	c := private(t, ample)
	for range 5 {
		_, err := call(t, c, server.URL)
		require.NoError(t, err)
	}
	// Not every one has to be: net/http drops a connection when the answer is there before it knows that the request was sent.
	require.Less(t, opened.Load(), int64(5))
}

func TestRedirectsAreNotFollowedAndCookiesNotKept(t *testing.T) {
	var followed, cookies atomic.Int64
	url := answering(t, func(w http.ResponseWriter, r *http.Request) {
		cookies.Add(int64(len(r.Cookies())))
		if r.URL.Path == "/elsewhere" {
			followed.Add(1)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	c := private(t, ample)
	for range 2 {
		answer, err := call(t, c, url)
		require.NoError(t, err)
		require.Equal(t, http.StatusTemporaryRedirect, answer.Status)
		require.Equal(t, "/elsewhere", answer.Header.Get("Location"))
	}
	require.Zero(t, followed.Load())
	require.Zero(t, cookies.Load())
}

func TestTheEnvironmentsProxyIsNotAsked(t *testing.T) {
	require.Nil(t, New(false).https.Proxy)
	require.Nil(t, New(true).http.Proxy)
}

// raw is a server that speaks whatever converse writes.
func raw(t *testing.T, converse func(conn net.Conn)) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				converse(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// reading reads until the client has gone, and so keeps the connection open.
func reading(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// send answers the first bytes of a request, whatever they are.
func send(conn net.Conn, answer string) {
	_, _ = conn.Read(make([]byte, 4096))
	_, _ = io.WriteString(conn, answer)
}

func TestAnExchangeIsCutAtTheTimeLimit(t *testing.T) {
	require.Equal(t, 5*time.Second, New(false).limit)
	for name, converse := range map[string]func(net.Conn){
		"nothing comes":           reading,
		"the header does not end": func(conn net.Conn) { send(conn, "HTTP/1.1 200 OK\r\nX: y\r\n"); reading(conn) },
		"the body does not end":   func(conn net.Conn) { send(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"); reading(conn) },
		"the body drips": func(conn net.Conn) {
			send(conn, "HTTP/1.1 200 OK\r\n\r\n")
			for {
				if _, err := io.WriteString(conn, "a"); err != nil {
					return
				}
				time.Sleep(soon / 10)
			}
		},
		"only interim answers come": func(conn net.Conn) {
			send(conn, "") // after the request, not before it
			for {
				if _, err := io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
					return
				}
				time.Sleep(soon / 10)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := raw(t, converse)
			_, err := call(t, private(t, soon), url)
			requireFailure(t, ErrUnreachable, err)
			require.Contains(t, err.Error(), soon.String())
		})
	}
}

func TestATLSHandshakeIsCutAtTheTimeLimit(t *testing.T) {
	url := raw(t, reading)
	_, err := call(t, private(t, soon), strings.Replace(url, "http:", "https:", 1))
	requireFailure(t, ErrUnreachable, err)
	require.Contains(t, err.Error(), soon.String())
}

func TestBrokenAnswersAreNoAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":                 "",
		"no HTTP":                 "you sent " + token + "\r\n\r\n",
		"a status that is none":   "HTTP/1.1 " + token + "\r\n\r\n",
		"a header that is none":   "HTTP/1.1 200 OK\r\n" + token + "\r\n\r\n",
		"a header without end":    "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 2*maxAnswer) + "\r\n\r\n",
		"a body cut off":          "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
		"a chunk that is none":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + token + "\r\n",
		"another transfer coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n",
		"two lengths":             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + token + "\r\n\r\na",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := call(t, private(t, ample), raw(t, func(conn net.Conn) { send(conn, answer) }))
			requireFailure(t, ErrUnreachable, err)
		})
	}
}

// Go hands the connection out with such an answer, and a reader would wait for ever.
func TestSwitchingProtocolsIsNoAnswer(t *testing.T) {
	url := raw(t, func(conn net.Conn) {
		send(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(100 * soon)) // so that this test fails and does not hang
		reading(conn)
	})
	_, err := call(t, private(t, ample), url)
	requireFailure(t, ErrUnreachable, err)
}

func TestAnswersAreReadUpTo64KiB(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		for size, kind := range map[int]error{64 << 10: nil, 64<<10 + 1: ErrTooLarge, 10 << 20: ErrTooLarge} {
			t.Run(fmt.Sprintf("%d bytes, chunked %v", size, chunked), func(t *testing.T) {
				url := answering(t, func(w http.ResponseWriter, _ *http.Request) {
					if chunked {
						w.(http.Flusher).Flush()
					} else {
						w.Header().Set("Content-Length", fmt.Sprint(size))
					}
					_, _ = w.Write(make([]byte, size))
				})
				answer, err := call(t, private(t, ample), url)
				if kind != nil {
					requireFailure(t, kind, err)
					return
				}
				require.NoError(t, err)
				require.Len(t, answer.Body, size)
			})
		}
	}
}

func TestErrorsSayWhatIsWrongAndNoSecret(t *testing.T) {
	const closed = "127.0.0.1:1" // a port that was free a moment ago may be another test's now
	_, err := call(t, private(t, ample), "http://"+closed)
	requireFailure(t, ErrUnreachable, err)
	require.ErrorContains(t, err, closed)
	require.ErrorContains(t, err, "connection refused")

	server := httptest.NewUnstartedServer(http.HandlerFunc(ok))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err = call(t, private(t, ample), server.URL)
	requireFailure(t, ErrUnreachable, err)
	require.ErrorContains(t, err, "certificate")

	names := &fakeDNS{} // knows no name
	_, err = call(t, newClient(false, ample, rulesFor(false), names.resolver(t)), "https://example.com")
	requireFailure(t, ErrUnreachable, err)
	require.ErrorContains(t, err, "does not resolve")

	_, err = call(t, private(t, ample), "https://user:"+token+"@example.com")
	requireFailure(t, ErrRefused, err)
}

func TestACallerWhoLeavesEndsTheCall(t *testing.T) {
	url := raw(t, reading)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(soon, cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	_, err = private(t, ample).Do(r)
	requireFailure(t, ErrUnreachable, err)
	require.ErrorIs(t, err, context.Canceled)
}

func port(server *httptest.Server) string {
	return fmt.Sprint(server.Listener.Addr().(*net.TCPAddr).Port)
}

// fakeDNS answers every question with the addresses that were set last, or that there is no such name.
type fakeDNS struct{ addresses atomic.Pointer[[]netip.Addr] }

func (d *fakeDNS) set(addresses ...string) {
	var parsed []netip.Addr
	for _, a := range addresses {
		parsed = append(parsed, netip.MustParseAddr(a))
	}
	d.addresses.Store(&parsed)
}

// resolver returns a resolver that asks d, at a UDP port of its own.
func (d *fakeDNS) resolver(t *testing.T) *net.Resolver {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		packet := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer, err := d.answer(packet[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

func (d *fakeDNS) answer(packet []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	known := d.addresses.Load()
	if known == nil {
		m.RCode = dnsmessage.RCodeNameError
		return m.Pack()
	}
	for _, q := range m.Questions {
		header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type}
		for _, a := range *known {
			switch {
			case a.Is4() && q.Type == dnsmessage.TypeA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: a.As4()}})
			case a.Is6() && q.Type == dnsmessage.TypeAAAA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
			}
		}
	}
	return m.Pack()
}
