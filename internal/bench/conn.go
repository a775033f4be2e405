package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const (
	// requestTimeout bounds one request of a measurement.
	requestTimeout = 30 * time.Second
	// keptIdle is how long a connection may stay unused; servers close theirs after two minutes.
	keptIdle = time.Minute
)

// conn is a keep-alive connection of HTTP/1.1 that costs as little as it can, because the clients share the machine with the
// server: one request at a time, no goroutine, and of the answer's header only what is needed.
type conn struct {
	net  net.Conn
	in   *bufio.Reader
	out  []byte
	body []byte
	host string
	used time.Time
}

// reply is an answer. Its body is good until the next request.
type reply struct {
	status   int
	location string
	body     []byte
}

func dial(address string) (*conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &conn{net: c, in: bufio.NewReaderSize(c, 16<<10), host: address, used: time.Now()}, nil
}

// revive connects again where the server may have closed the connection.
func (c *conn) revive(now time.Time) error {
	idle := now.Sub(c.used)
	c.used = now
	if idle < keptIdle {
		return nil
	}
	c.close()
	another, err := net.Dial("tcp", c.host)
	if err == nil {
		c.net = another
		c.in.Reset(another)
	}
	return err
}

func (c *conn) close() { _ = c.net.Close() }

// send makes a request. header is whole lines, each with its CRLF.
func (c *conn) send(method, target, header, body string) (reply, error) {
	c.out = fmt.Appendf(c.out[:0], "%s %s HTTP/1.1\r\nHost: %s\r\n%s", method, target, c.host, header)
	if method == "POST" {
		c.out = fmt.Appendf(c.out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	} else {
		c.out = append(c.out, "\r\n"...)
	}
	now := time.Now()
	if err := c.revive(now); err != nil {
		return reply{}, err
	}
	if err := c.net.SetDeadline(now.Add(requestTimeout)); err != nil {
		return reply{}, err
	}
	if _, err := c.net.Write(c.out); err != nil {
		return reply{}, err
	}
	return c.receive()
}

func (c *conn) receive() (r reply, err error) {
	line, err := c.line()
	if err != nil {
		return r, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return r, fmt.Errorf("not a status line: %q", line)
	}
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return r, err
	}
	length := 0
	for {
		line, err := c.line()
		if err != nil {
			return r, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch strings.ToLower(string(name)) {
		case "content-length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return r, err
			}
		case "location":
			r.location = string(value)
		case "transfer-encoding":
			return r, fmt.Errorf("an answer of %d in chunks, which this client does not read", r.status)
		}
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	r.body = c.body[:length]
	_, err = io.ReadFull(c.in, r.body)
	return r, err
}

func (c *conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}
