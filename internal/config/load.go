package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

const prefix = "GATEHOUSE_"

// ConfigVariable names the environment variable with the path of the settings file.
const ConfigVariable = prefix + "CONFIG"

// Source is where settings come from.
type Source struct {
	File    string            // path of the YAML file; when empty, ConfigVariable in Environ, else none
	Environ []string          // as os.Environ returns it
	Flags   map[string]string // by flag name, only those that were given
}

// Error says which settings are wrong and what to do about each.
type Error struct{ Problems []string }

func (e *Error) Error() string { return strings.Join(e.Problems, "; ") }

func (e *Error) add(format string, args ...any) {
	e.Problems = append(e.Problems, fmt.Sprintf(format, args...))
}

// setting is a text somebody gave, and where.
type setting struct{ value, origin string }

// layer is one source's settings by name (the env tag).
type layer map[string]setting

// Load reads and checks all settings. An Error when one is wrong.
func Load(src Source) (*Config, error) {
	var problems Error
	environ := fromEnviron(src.Environ)
	path := src.File
	if path == "" {
		path = env.ToMap(src.Environ)[ConfigVariable]
	}
	merged := make(layer)
	for _, l := range []layer{fromFile(path, &problems), environ, fromFlags(src.Flags)} {
		readFiles(l, &problems)
		maps.Copy(merged, l)
	}
	c := parse(merged, &problems)
	if len(problems.Problems) == 0 {
		c.check(merged, &problems)
	}
	if len(problems.Problems) > 0 {
		return nil, &problems
	}
	return c, nil
}

func fromEnviron(environ []string) layer {
	l := make(layer)
	variables := env.ToMap(environ)
	for _, name := range append(names(), fileNames()...) {
		if value := variables[prefix+name]; value != "" { // an empty variable is one that is not set
			l[name] = setting{value, prefix + name}
		}
	}
	return l
}

func fromFlags(flags map[string]string) layer {
	l := make(layer)
	for _, f := range Flags() {
		if value, given := flags[f.Name]; given {
			l[f.name] = setting{value, "--" + f.Name}
		}
	}
	return l
}

// Flag describes the command line flag of one setting.
type Flag struct {
	Name, Default, Help string
	name                string
}

// Flags returns the flags of all settings that may stand on a command line.
func Flags() []Flag {
	var flags []Flag
	for _, f := range fields() {
		if f.Tag.Get("flag") != "-" {
			name := f.Tag.Get("env")
			flags = append(flags, Flag{Name: strings.ReplaceAll(strings.ToLower(name), "_", "-"), Default: f.Tag.Get("envDefault"), Help: f.Tag.Get("help"), name: name})
		}
	}
	return flags
}

func fields() []reflect.StructField { return slices.Collect(reflect.TypeFor[Config]().Fields()) }

func names() []string {
	var names []string
	for _, f := range fields() {
		names = append(names, f.Tag.Get("env"))
	}
	return names
}

const fileSuffix = "_FILE"

// fileNames are the settings that name a file with another setting's value.
func fileNames() []string {
	var names []string
	for _, f := range fields() {
		if f.Tag.Get("file") != "" {
			names = append(names, f.Tag.Get("env")+fileSuffix)
		}
	}
	return names
}

// maxSecretFile is more than any setting needs.
const maxSecretFile = 64 << 10

// readFiles replaces each …_FILE of a layer by the setting that is in the file.
func readFiles(l layer, problems *Error) {
	for _, fileName := range fileNames() {
		file, given := l[fileName]
		if !given {
			continue
		}
		delete(l, fileName)
		name := strings.TrimSuffix(fileName, fileSuffix)
		if direct, both := l[name]; both {
			problems.add("%s and %s are both set; leave one out", direct.origin, file.origin)
			continue
		}
		text, err := readSmall(file.value)
		if err != nil {
			problems.add("%s: %v; name a file that can be read", file.origin, err)
			continue
		}
		l[name] = setting{strings.TrimRight(text, "\r\n"), file.origin}
	}
}

func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil && len(text) > maxSecretFile {
		err = fmt.Errorf("%s has more than %d bytes", path, maxSecretFile)
	}
	return string(text), err
}

// parse turns the texts into a Config.
func parse(merged layer, problems *Error) *Config {
	variables := make(map[string]string)
	for name, s := range merged {
		variables[name] = s.value
	}
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: variables, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[time.Duration]():  parseDuration,
		reflect.TypeFor[[]netip.Prefix](): parseNetworks,
		reflect.TypeFor[bool]():           parseBool,
		reflect.TypeFor[string]():         func(s string) (any, error) { return strings.TrimSpace(s), nil },
	}})
	var all env.AggregateError
	if err != nil && !errors.As(err, &all) {
		all.Errors = []error{err}
	}
	for _, err := range all.Errors {
		problems.add("%s", explain(err, merged))
	}
	return &c
}

// explain names the setting that a parse error is about as whoever made it knows it.
func explain(err error, merged layer) string {
	var wrong env.ParseError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	for _, f := range fields() {
		if f.Name == wrong.Name {
			return merged[f.Tag.Get("env")].origin + " " + wrong.Err.Error()
		}
	}
	return err.Error()
}

// parseDuration reads a Go duration, or a whole number of seconds.
func parseDuration(s string) (any, error) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return nil, fmt.Errorf("is %q; write a duration such as 90s, 5m or 720h", s)
	}
	return d, nil
}

// parseNetworks reads CIDRs, and single addresses as networks of one.
func parseNetworks(s string) (any, error) {
	var networks []netip.Prefix
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		network, err := netip.ParsePrefix(part)
		if addr, addrErr := netip.ParseAddr(part); addrErr == nil {
			network, err = addr.WithZone("").Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("has %q; write networks such as 10.0.0.0/8, separated by commas", part)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

func parseBool(s string) (any, error) {
	b, err := strconv.ParseBool(strings.TrimSpace(s))
	if err != nil {
		return nil, fmt.Errorf("is %q; write true or false", s)
	}
	return b, nil
}
