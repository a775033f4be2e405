package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"gatehouse/internal/config"
)

const (
	demoFirstPort = 9096
	demoPortTries = 200
)

// demoListeners are open before anything is configured, because everybody's address is in somebody else's settings.
type demoListeners struct {
	server, miniApp, start, hostApp net.Listener
}

// openDemoListeners takes address for the server where it is given, and the first free ports of loopback from 9096 on
// for everything else.
func openDemoListeners(address string) (l demoListeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	port := demoFirstPort
	if address != "" {
		l.server, err = listenOnLoopback(address)
	} else {
		l.server, err = listenFrom(&port)
	}
	if err != nil {
		return l, err
	}
	if l.miniApp, err = listenFrom(&port); err != nil {
		return l, err
	}
	if l.start, err = listenFrom(&port); err != nil {
		return l, err
	}
	l.hostApp, err = listenFrom(&port)
	return l, err
}

// listenOnLoopback refuses an address that others reach: they would know the passwords.
func listenOnLoopback(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usagef("GATEHOUSE_LISTEN is %q; write an address such as 127.0.0.1:9096", address)
	}
	if !config.IsLoopback(host) {
		return nil, usagef("the demo must listen on loopback, since everybody knows its passwords; "+
			"leave GATEHOUSE_LISTEN=%s out, or set it to an address such as 127.0.0.1:9096", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, cannotListen(address, err)
	}
	return l, nil
}

func (l demoListeners) close() {
	for _, each := range []net.Listener{l.server, l.miniApp, l.start, l.hostApp} {
		if each != nil {
			each.Close()
		}
	}
}

// listenFrom listens on the first free port of 127.0.0.1 from *port on and leaves the one after it in *port.
func listenFrom(port *int) (net.Listener, error) {
	for range demoPortTries {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(*port)))
		*port++
		if !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
	return nil, fmt.Errorf("no free port between %d and %d; stop something that listens there", demoFirstPort, *port-1)
}

// urlOf returns where browsers on this machine reach a listener.
func urlOf(l net.Listener) string {
	address := l.Addr().(*net.TCPAddr)
	host := address.IP.String()
	if address.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(address.Port))
}
