package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"text/template"

	"go.yaml.in/yaml/v3"
)

//go:embed demo/seed.yaml
var demoSeed string

// demoInfo is what the demo tells whoever started it, and the shape of `demo -o json`.
type demoInfo struct {
	Issuer  string       `json:"issuer"`
	Start   string       `json:"start"`
	MiniApp string       `json:"mini_app"`
	HostApp string       `json:"host_app"`
	Admin   string       `json:"admin"`
	People  []demoPerson `json:"people"`
	Clients []demoClient `json:"clients"`
}

type demoPerson struct {
	Email    string   `json:"email" yaml:"email"`
	Password string   `json:"password" yaml:"password"`
	First    string   `json:"-" yaml:"first_name"`
	Last     string   `json:"-" yaml:"last_name"`
	Roles    []string `json:"-" yaml:"roles"`
}

type demoClient struct {
	ClientID     string `json:"client_id" yaml:"client_id"`
	ClientSecret string `json:"client_secret" yaml:"client_secret"`
}

// client returns the seeded client with this ID.
func (i demoInfo) client(id string) demoClient {
	n := slices.IndexFunc(i.Clients, func(c demoClient) bool { return c.ClientID == id })
	return i.Clients[n] // the seed file is ours
}

// Name is how the person is called.
func (p demoPerson) Name() string { return p.First + " " + p.Last }

// renderDemoSeed returns the demo's seed file for a mini app and a host app that run at these URLs, and what it says
// about people and clients.
func renderDemoSeed(miniApp, hostApp string) ([]byte, demoInfo, error) {
	t, err := template.New("seed.yaml").Option("missingkey=error").Parse(demoSeed)
	if err != nil {
		return nil, demoInfo{}, err
	}
	var file bytes.Buffer
	if err := t.Execute(&file, map[string]string{"MiniApp": miniApp, "HostApp": hostApp}); err != nil {
		return nil, demoInfo{}, err
	}
	var told struct {
		Users   []demoPerson `yaml:"users"`
		Clients []demoClient `yaml:"clients"`
	}
	if err := yaml.Unmarshal(file.Bytes(), &told); err != nil {
		return nil, demoInfo{}, fmt.Errorf("the demo's seed file: %w", err)
	}
	return file.Bytes(), demoInfo{MiniApp: miniApp, HostApp: hostApp, People: told.Users, Clients: told.Clients}, nil
}
