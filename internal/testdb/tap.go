package testdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Tap stands between programs and PostgreSQL, in any number of processes, and sees what each asks (PostgreSQL
// documentation, "Frontend/Backend Protocol").
type Tap struct {
	DSN string // of the same database, through the tap
	// Deaf keeps notifications back, as a pooler does that gives every transaction to another connection.
	Deaf bool

	server    string
	mu        sync.Mutex
	exchanges []Exchange
	open      map[net.Conn]bool
	tapped    []*tapped
	ended     chan struct{} // closed when the test has ended
	refused   atomic.Pointer[func(sql string) bool]
}

// Exchange is what a program asked on one connection between two moments at which no transaction was open there.
type Exchange struct {
	Statements []string // those that ran, in their order; none where statements were only prepared
	Trips      int      // how often the program waited for an answer
}

// NewTap listens in front of the database of dsn until the test ends.
func NewTap(t testing.TB, dsn string) *Tap {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("the database's URL is none")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Tap{server: u.Host, open: map[net.Conn]bool{}, ended: make(chan struct{})}
	u.Host = l.Addr().String()
	query := u.Query()
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	p.DSN = u.String()
	var work sync.WaitGroup
	work.Go(func() { p.accept(l, &work) })
	t.Cleanup(func() {
		l.Close()
		close(p.ended)
		p.Cut()
		work.Wait()
	})
	return p
}

// Refuse makes the database refuse, from now on, the statements of which which is true. Those that were prepared are not asked about.
func (p *Tap) Refuse(which func(sql string) bool) { p.refused.Store(&which) }

// Reset forgets what was seen.
func (p *Tap) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exchanges = nil
}

// Seen returns what ended since the last Reset.
func (p *Tap) Seen() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Exchange(nil), p.exchanges...)
}

// Cut ends all connections.
func (p *Tap) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
}

// Silence makes all connections that there are dead without telling either end, as a network does that was cut or a firewall
// that forgot them. New ones work.
func (p *Tap) Silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.tapped {
		c.silent.Store(true)
	}
}

func (p *Tap) accept(l net.Listener, work *sync.WaitGroup) {
	for {
		program, err := l.Accept()
		if err != nil {
			return
		}
		database, err := net.Dial("tcp", p.server)
		if err != nil {
			program.Close()
			continue
		}
		p.mu.Lock()
		p.open[program], p.open[database] = true, true
		c := &tapped{tap: p, prepared: map[string]string{}}
		p.tapped = append(p.tapped, c)
		p.mu.Unlock()
		closeBoth := func() {
			program.Close()
			database.Close()
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.open, program)
			delete(p.open, database)
		}
		work.Go(func() { defer closeBoth(); c.ask(program, database); c.keepSilent() })
		work.Go(func() { defer closeBoth(); c.answer(database, program); c.keepSilent() })
	}
}

// tapped is one connection.
type tapped struct {
	tap    *Tap
	silent atomic.Bool // see Silence

	mu       sync.Mutex
	prepared map[string]string // statements by the names that the program gave them
	now      Exchange
}

// keepSilent lets neither end of a silent connection know that the other one has gone.
func (c *tapped) keepSilent() {
	if c.silent.Load() {
		<-c.tap.ended
	}
}

// ask carries what the program sends.
func (c *tapped) ask(program io.Reader, database io.Writer) {
	var length [4]byte
	if _, err := io.ReadFull(program, length[:]); err != nil {
		return
	}
	start := make([]byte, binary.BigEndian.Uint32(length[:])-4) // the startup message has no type
	if _, err := io.ReadFull(program, start); err != nil {
		return
	}
	if _, err := database.Write(append(length[:], start...)); err != nil {
		return
	}
	for {
		kind, body, err := readMessage(program)
		if err != nil {
			return
		}
		if c.silent.Load() {
			continue
		}
		if _, err := database.Write(message(kind, c.meet(kind, body))); err != nil {
			return
		}
	}
}

// meet notes a message and returns what the database gets in its place.
func (c *tapped) meet(kind byte, body []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch kind {
	case 'Q':
		sql, _, _ := bytes.Cut(body, []byte{0})
		c.now.Statements = append(c.now.Statements, string(sql))
		if refused := c.tap.refused.Load(); refused != nil && (*refused)(string(sql)) {
			return []byte("REFUSED " + string(body))
		}
	case 'P':
		name, rest, _ := bytes.Cut(body, []byte{0})
		sql, _, _ := bytes.Cut(rest, []byte{0})
		c.prepared[string(name)] = string(sql)
	case 'B':
		_, rest, _ := bytes.Cut(body, []byte{0}) // behind the portal's name
		name, _, _ := bytes.Cut(rest, []byte{0})
		c.now.Statements = append(c.now.Statements, c.prepared[string(name)])
	}
	return body
}

// answer carries what the database sends.
func (c *tapped) answer(database io.Reader, program io.Writer) {
	for {
		kind, body, err := readMessage(database)
		if err != nil {
			return
		}
		switch {
		case kind == 'A' && c.tap.Deaf, c.silent.Load():
			continue
		case kind == 'Z': // ready for the next query
			c.ready(len(body) == 1 && body[0] == 'I')
		}
		if _, err := program.Write(message(kind, body)); err != nil {
			return
		}
	}
}

// ready notes that an answer is complete; idle: no transaction is open.
func (c *tapped) ready(idle bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Trips++
	if !idle {
		return
	}
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	c.tap.exchanges = append(c.tap.exchanges, c.now)
	c.now = Exchange{}
}

func readMessage(r io.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length < 4 || length > 1<<30 {
		return 0, nil, errors.New("no message of PostgreSQL")
	}
	body = make([]byte, length-4)
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}

func message(kind byte, body []byte) []byte {
	m := make([]byte, 5, 5+len(body))
	m[0] = kind
	binary.BigEndian.PutUint32(m[1:], uint32(len(body)+4))
	return append(m, body...)
}

// Transaction reports whether the exchange wrote in a transaction.
func (e Exchange) Transaction() bool {
	return len(e.Statements) > 0 && strings.HasPrefix(strings.ToUpper(e.Statements[0]), "BEGIN")
}
