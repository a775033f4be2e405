package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

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

// parseDuration reads a Go duration. A number alone is refused: it could be meant as seconds, minutes or hours.
func parseDuration(s string) (any, error) {
	s = strings.TrimSpace(s)
	d, err := time.ParseDuration(s)
	if _, notNumber := strconv.ParseFloat(s, 64); err != nil && notNumber == nil {
		return nil, fmt.Errorf("is %q; give a unit, such as 12h", s)
	}
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
