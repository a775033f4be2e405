// Package config reads the settings of the program: default < YAML file < environment < flag.
//
// Every layer is a list of texts under the settings' names, so one parser and one set of rules reads them all. An error
// is an Error: it names where the setting was made and what to do.
package config
