package config

import (
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

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

// setting is a text somebody gave, and where. file is the path of the file with the text, of a …_FILE.
type setting struct{ value, origin, file string }

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
	for _, name := range []string{"SECRET", "SECRET_PREVIOUS"} {
		if file := merged[name].file; file != "" {
			c.secretFiles = append(c.secretFiles, file)
		}
	}
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
			l[name] = setting{value: value, origin: prefix + name}
		}
	}
	return l
}

func fromFlags(flags map[string]string) layer {
	l := make(layer)
	for _, f := range Flags() {
		if value, given := flags[f.Name]; given {
			l[f.name] = setting{value: value, origin: "--" + f.Name}
		}
	}
	return l
}

// Flag describes the command line flag of one setting.
type Flag struct {
	Name, Default, Help string
	name                string
}

// Variable describes a setting that must not stand on a command line, by its environment variable.
type Variable struct{ Name, Help string }

// Variables returns the settings that have no flag.
func Variables() []Variable {
	var variables []Variable
	for _, f := range fields() {
		if f.Tag.Get("flag") == "-" {
			variables = append(variables, Variable{Name: prefix + f.Tag.Get("env"), Help: f.Tag.Get("help")})
		}
	}
	return variables
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

// fields are the settings of a Config.
func fields() []reflect.StructField {
	return slices.DeleteFunc(slices.Collect(reflect.TypeFor[Config]().Fields()), func(f reflect.StructField) bool { return !f.IsExported() })
}

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
		if text = strings.TrimRight(text, "\r\n"); strings.TrimSpace(text) == "" {
			problems.add("%s names an empty file, %s; %s", file.origin, file.value, fillIt(name))
			continue
		}
		l[name] = setting{text, fmt.Sprintf("%s (%s)", file.origin, file.value), file.value}
	}
}

// fillIt says what belongs into the empty file of a setting.
func fillIt(name string) string {
	if name == "SECRET" {
		return secretRecipe
	}
	return "write the value into it, or leave the setting out"
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
