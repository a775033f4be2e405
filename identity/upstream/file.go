package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"gatehouse/internal/nearest"
	"gatehouse/internal/outbound"
)

// Settings are those of one provider, as they stand in the file.
type Settings struct {
	ID               string            `yaml:"id"`   // in our URLs, and so in the redirect URI that is registered there
	Name             string            `yaml:"name"` // on the button
	Names            map[string]string `yaml:"names"`
	Issuer           string            `yaml:"issuer"` // as in its ID tokens, byte for byte
	ClientID         string            `yaml:"client_id"`
	ClientSecret     string            `yaml:"client_secret"`
	ClientSecretFile string            `yaml:"client_secret_file"`
	Scopes           []string          `yaml:"scopes"` // default: openid email profile
	// LinkVerifiedEmail takes the provider's word on whose an e-mail address is: the account here that has a verified
	// address is theirs who comes with it, and an address of a new account counts as verified.
	LinkVerifiedEmail bool `yaml:"link_verified_email"`
	// SignUp makes accounts for people who have none; default: as GATEHOUSE_SIGNUP says.
	SignUp *bool `yaml:"sign_up"`
}

// known are the keys of one provider.
var known = []string{"id", "name", "names", "issuer", "client_id", "client_secret", "client_secret_file", "scopes", "link_verified_email", "sign_up"}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// maxName is how many characters the text on a button may add.
const maxName = 40

// ReadFile reads the providers of a YAML file; none when path is empty. ownIssuer is ours, and allowPrivate the setting
// GATEHOUSE_ALLOW_PRIVATE_NETWORK. The error is a line for each mistake, which names the fix and no secret.
func ReadFile(path, ownIssuer string, allowPrivate bool) ([]Settings, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("GATEHOUSE_UPSTREAMS_FILE: %w; name a file that can be read", err)
	}
	list, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var mistakes []error
	for n := range list {
		s := &list[n]
		for _, why := range s.complete(ownIssuer, allowPrivate) {
			mistakes = append(mistakes, fmt.Errorf("%s: upstreams[%d] (%s): %s", path, n, s.ID, why))
		}
		if slices.ContainsFunc(list[:n], func(other Settings) bool { return other.ID == s.ID }) {
			mistakes = append(mistakes, fmt.Errorf("%s: upstreams[%d]: the id %q is taken; give each its own", path, n, s.ID))
		}
	}
	return list, errors.Join(mistakes...)
}

func parse(content []byte) ([]Settings, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("it is no YAML: %s; write upstreams: and a list of providers under it", firstLine(err))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it has more than one document; write one, and leave out the --- between")
	}
	if err := checkKeys(document.Content[0], []string{"upstreams"}); err != nil {
		return nil, err
	}
	var file struct {
		Upstreams []yaml.Node `yaml:"upstreams"`
	}
	if err := document.Decode(&file); err != nil {
		return nil, errors.New("upstreams must be a list of providers, as in upstreams: [{id: …, name: …}]")
	}
	list := make([]Settings, len(file.Upstreams))
	for n, node := range file.Upstreams {
		if err := checkKeys(&node, known); err != nil {
			return nil, err
		}
		if err := node.Decode(&list[n]); err != nil {
			return nil, fmt.Errorf("line %d: a value is of the wrong kind; scopes is a list, names is a map, link_verified_email and sign_up are true or false, and all others are texts", node.Line)
		}
	}
	return list, nil
}

// checkKeys reports a key that is not among those, or stands there twice.
func checkKeys(n *yaml.Node, keys []string) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: this must be a map with the keys %s", n.Line, strings.Join(keys, ", "))
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(keys, key.Value) {
			advice := "use " + strings.Join(keys, ", ")
			if meant := nearest.Name(key.Value, keys); meant != "" {
				advice = "did you mean " + meant + "?"
			}
			return fmt.Errorf("line %d: unknown key %.40q; %s", key.Line, key.Value, advice)
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: %s stands there twice; leave one out", key.Line, key.Value)
		}
		seen[key.Value] = true
	}
	return nil
}

// complete fills in defaults and the secret, and returns what is wrong.
func (s *Settings) complete(ownIssuer string, allowPrivate bool) (wrong []string) {
	if !idPattern.MatchString(s.ID) {
		wrong = append(wrong, "id must be 1 to 32 of a-z, 0-9, - and _, and begin with a letter or digit")
	}
	wrong = append(wrong, s.checkNames()...)
	wrong = append(wrong, s.checkIssuer(ownIssuer, allowPrivate)...)
	if s.ClientID == "" {
		wrong = append(wrong, "client_id is missing; write the one that the provider gave you")
	}
	if why := s.readSecret(); why != "" {
		wrong = append(wrong, why)
	}
	if len(s.Scopes) == 0 {
		s.Scopes = []string{"openid", "email", "profile"}
	}
	if !slices.Contains(s.Scopes, "openid") {
		wrong = append(wrong, "scopes must hold openid, without which the provider says nothing of who signed in")
	}
	return wrong
}

func (s *Settings) checkNames() (wrong []string) {
	if s.Name == "" {
		wrong = append(wrong, "name is missing; write what people call the provider")
	}
	if len([]rune(s.Name)) > maxName {
		wrong = append(wrong, fmt.Sprintf("name has more than %d characters; write a shorter one", maxName))
	}
	for tag, name := range s.Names {
		if _, err := language.Parse(tag); err != nil || name == "" || len([]rune(name)) > maxName {
			wrong = append(wrong, fmt.Sprintf("names must map language tags to names of at most %d characters, as in {ja: アクメ}", maxName))
		}
	}
	return wrong
}

func (s *Settings) checkIssuer(ownIssuer string, allowPrivate bool) []string {
	if s.Issuer == "" {
		return []string{"issuer is missing; write the URL before /.well-known/openid-configuration"}
	}
	if strings.TrimSuffix(s.Issuer, "/") == ownIssuer {
		return []string{"issuer is this server's own; name another one"}
	}
	if u, err := url.Parse(s.Issuer); err == nil && u.RawQuery != "" {
		return []string{"issuer has a query; leave out the ? and what follows it"}
	}
	if err := outbound.CheckURL(s.Issuer, allowPrivate); err != nil {
		return []string{"issuer: " + err.Error()}
	}
	return nil
}

func (s *Settings) readSecret() (wrong string) {
	switch {
	case (s.ClientSecret == "") == (s.ClientSecretFile == ""):
		return "give either client_secret or client_secret_file"
	case s.ClientSecret != "":
		return ""
	}
	content, err := os.ReadFile(s.ClientSecretFile)
	if err != nil {
		return fmt.Sprintf("client_secret_file: %s; name a file that can be read", err)
	}
	if s.ClientSecret = strings.TrimSpace(string(content)); s.ClientSecret == "" {
		return "client_secret_file is empty; write the secret into it"
	}
	return ""
}

// firstLine of a YAML error says where it is. The rest may quote the file, which holds secrets.
func firstLine(err error) string {
	where := regexp.MustCompile(`line \d+`).FindString(err.Error())
	if where == "" {
		return "it cannot be read"
	}
	return "a mistake at " + where
}
