package httpx_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/httpx"
)

const delay = 500 * time.Millisecond

// start serves h until stop is called; stop returns what Serve returned.
func start(t *testing.T, h http.Handler, certificate *httpx.Certificate) (addr string, stop func() error) {
	t.Helper()
	l, err := httpx.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	return startOn(t, l, h, certificate)
}

func startOn(t *testing.T, l net.Listener, h http.Handler, certificate *httpx.Certificate) (addr string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- httpx.Server{Handler: h, Certificate: certificate, Log: slog.New(slog.DiscardHandler), ShutdownDelay: delay}.Serve(ctx, l)
	}()
	return l.Addr().String(), sync.OnceValue(func() error { cancel(); return <-done })
}

func TestServeDrainsWithoutAFailedRequest(t *testing.T) {
	addr, stop := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Millisecond) // a request takes a while
		_, _ = w.Write([]byte("ok"))
	}), nil)
	var answered atomic.Int64
	failures := make(chan error, 64)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() { load("http://"+addr, &answered, failures) })
	}
	require.Eventually(t, func() bool { return answered.Load() > 100 }, 60*time.Second, time.Millisecond)
	require.NoError(t, stop())
	clients.Wait()
	close(failures)
	for err := range failures {
		t.Errorf("a request failed: %v", err)
	}
}

// load sends requests over a connection of its own until the server refuses connections.
func load(url string, answered *atomic.Int64, failures chan<- error) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 60 * time.Second}
	for {
		response, err := client.Get(url)
		if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
			return
		}
		if err != nil {
			failures <- err
			return
		}
		response.Body.Close()
		answered.Add(1)
	}
}

func TestServeWaitsForARequestUnderWay(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	addr, stop := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		w.WriteHeader(http.StatusTeapot)
	}), nil)
	answer := make(chan int, 1)
	go func() {
		response, err := http.Get("http://" + addr)
		if err != nil {
			answer <- 0
			return
		}
		response.Body.Close()
		answer <- response.StatusCode
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	require.Eventually(t, func() bool { return !accepts(addr) }, 60*time.Second, 10*time.Millisecond)
	close(leave)
	require.Equal(t, http.StatusTeapot, <-answer)
	require.NoError(t, <-stopped)
}

// heldUp is a listener of a process that gets no processor for a while.
type heldUp struct {
	*net.TCPListener
	until chan struct{}
}

func (l heldUp) Accept() (net.Conn, error) {
	<-l.until
	return l.TCPListener.Accept()
}

func TestServeAnswersWhoConnectedInTimeHoweverLateItTakesThemIn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says whether somebody waits")
	}
	l, err := httpx.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	until := make(chan struct{})
	addr, stop := startOn(t, heldUp{l.(*net.TCPListener), until}, http.NotFoundHandler(), nil)
	var conns []net.Conn
	for range 20 {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: gatehouse\r\n\r\n")
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	time.Sleep(time.Second) // longer than it waits for somebody to come
	close(until)
	for _, conn := range conns {
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, response.StatusCode)
	}
	require.NoError(t, <-stopped)
}

func accepts(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func TestCertificateIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, certFile, keyFile, 1)
	certificate, err := httpx.LoadCertificate(certFile, keyFile)
	require.NoError(t, err)
	addr, stop := start(t, http.NotFoundHandler(), certificate)
	require.EqualValues(t, 1, serial(t, addr))

	writeCertificate(t, certFile, keyFile, 2)
	require.NoError(t, certificate.Reload())
	require.EqualValues(t, 2, serial(t, addr))

	require.NoError(t, os.WriteFile(certFile, nil, 0o600))
	require.Error(t, certificate.Reload())
	require.EqualValues(t, 2, serial(t, addr), "a broken file changes nothing")
	require.NoError(t, stop())
}

func serial(t *testing.T, addr string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	require.NoError(t, err)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func writeCertificate(t *testing.T, certFile, keyFile string, number int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(number), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
}
