package seed

import "time"

// File is one document of a seed file.
type File struct {
	Companies  []Company   `yaml:"companies,omitempty"`
	Users      []User      `yaml:"users,omitempty"`
	Scopes     []Scope     `yaml:"scopes,omitempty"`
	Publishers []Publisher `yaml:"publishers,omitempty"`
	Clients    []Client    `yaml:"clients,omitempty"`
}

// Company is an organisation that users belong to. ID is its key.
type Company struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

// User is a person's account. Email is its key, or Phone where there is none.
type User struct {
	ID            string     `yaml:"id,omitempty"` // a UUID; chosen by Gatehouse where it is left out
	Email         string     `yaml:"email,omitempty"`
	Password      string     `yaml:"password,omitempty"`
	PasswordHash  string     `yaml:"password_hash,omitempty"` // argon2id or bcrypt
	EmailVerified bool       `yaml:"email_verified,omitempty"`
	Phone         string     `yaml:"phone,omitempty"`
	PhoneVerified bool       `yaml:"phone_verified,omitempty"`
	FirstName     string     `yaml:"first_name,omitempty"`
	LastName      string     `yaml:"last_name,omitempty"`
	Locale        string     `yaml:"locale,omitempty"`
	Company       string     `yaml:"company,omitempty"`
	Roles         []string   `yaml:"roles,omitempty"`
	Attributes    Attributes `yaml:"attributes,omitempty"`
	Disabled      bool       `yaml:"disabled,omitempty"`
}

// Scope is an operator's entry of the scope catalogue. Name is its key.
type Scope struct {
	Name        string            `yaml:"name"`
	Title       map[string]string `yaml:"title,omitempty"`
	Description map[string]string `yaml:"description,omitempty"`
	Claims      []string          `yaml:"claims,omitempty"`
	Sensitive   bool              `yaml:"sensitive,omitempty"`
	Client      bool              `yaml:"client,omitempty"`
}

// Publisher is who answers for clients. ID is its key.
type Publisher struct {
	ID         string    `yaml:"id"`
	Name       string    `yaml:"name"`
	Verified   *bool     `yaml:"verified,omitempty"`
	VerifiedAt time.Time `yaml:"verified_at,omitempty"` // when it is applied, where it is left out
	Developers []string  `yaml:"developers,omitempty"`
}

// Client is a mini app. ClientID is its key.
type Client struct {
	ClientID                string            `yaml:"client_id"`
	ClientSecret            string            `yaml:"client_secret,omitempty"`
	ClientSecretHash        string            `yaml:"client_secret_hash,omitempty"`
	Public                  bool              `yaml:"public,omitempty"`
	Name                    string            `yaml:"name"`
	Names                   map[string]string `yaml:"names,omitempty"` // translations of Name
	Publisher               string            `yaml:"publisher,omitempty"`
	RedirectURIs            []string          `yaml:"redirect_uris,omitempty"`
	GrantTypes              []string          `yaml:"grant_types,omitempty"`
	TokenTypes              []string          `yaml:"token_types,omitempty"`
	TokenEndpointAuthMethod string            `yaml:"token_endpoint_auth_method,omitempty"`
	Scopes                  []ClientScope     `yaml:"scopes,omitempty"`
	SubjectType             string            `yaml:"subject_type,omitempty"`
	Status                  string            `yaml:"status,omitempty"`
	ResourceServer          bool              `yaml:"resource_server,omitempty"`
	FirstParty              bool              `yaml:"first_party,omitempty"`
	PKCE                    string            `yaml:"pkce,omitempty"`
	IDTokenAlg              string            `yaml:"id_token_signed_response_alg,omitempty"`
	AccessTokenLifetime     Lifetime          `yaml:"access_token_lifetime,omitempty"`
	RefreshTokenLifetime    Lifetime          `yaml:"refresh_token_lifetime,omitempty"`
	CodeLifetime            Lifetime          `yaml:"code_lifetime,omitempty"`
	RefreshReuseGrace       *Duration         `yaml:"refresh_reuse_grace,omitempty"`
	LogoURI                 string            `yaml:"logo_uri,omitempty"`
	ClientURI               string            `yaml:"client_uri,omitempty"`
	PolicyURI               string            `yaml:"policy_uri,omitempty"`
	TOSURI                  string            `yaml:"tos_uri,omitempty"`
	Contacts                []string          `yaml:"contacts,omitempty"`
	PostLogoutRedirectURIs  []string          `yaml:"post_logout_redirect_uris,omitempty"`
	InitiateLoginURI        string            `yaml:"initiate_login_uri,omitempty"`
	JWKS                    Attributes        `yaml:"jwks,omitempty"`
	JWKSURI                 string            `yaml:"jwks_uri,omitempty"`
	WebhookURI              string            `yaml:"webhook_uri,omitempty"`
	Dialects                Dialects          `yaml:"dialects,omitempty"`
}

// ClientScope is a scope in a client's registration.
type ClientScope struct {
	Name     string            `yaml:"name"`
	Required bool              `yaml:"required,omitempty"`
	Purpose  map[string]string `yaml:"purpose,omitempty"`
}

// Dialects are the vendor wire formats that a client speaks, with their settings, which registry reads from the same keys
// and fills with defaults. Here keys that are left out stay out.
type Dialects struct {
	Boxo *struct {
		AppID               *string   `yaml:"app_id,omitempty" json:"app_id,omitempty"`
		AuthorizationPrefix *string   `yaml:"authorization_prefix,omitempty" json:"authorization_prefix,omitempty"`
		StrictHeaders       *bool     `yaml:"strict_headers,omitempty" json:"strict_headers,omitempty"`
		RequiredFields      []string  `yaml:"required_fields,omitempty" json:"required_fields,omitempty"`
		Platform            *platform `yaml:"platform,omitempty" json:"platform,omitempty"`
	} `yaml:"boxo,omitempty" json:"boxo,omitempty"`
	BoxC *struct {
		ReturnURIPrefixes []string `yaml:"return_uri_prefixes,omitempty" json:"return_uri_prefixes,omitempty"`
	} `yaml:"boxc,omitempty" json:"boxc,omitempty"`
	GAM *struct {
		RESTAuthentication *bool     `yaml:"rest_authentication,omitempty" json:"rest_authentication,omitempty"`
		SigninURL          *string   `yaml:"signin_url,omitempty" json:"signin_url,omitempty"`
		SigninSecret       *string   `yaml:"signin_secret,omitempty" json:"signin_secret,omitempty"`
		ErrorFormat        *string   `yaml:"error_format,omitempty" json:"error_format,omitempty"`
		Superapp           *superapp `yaml:"superapp,omitempty" json:"superapp,omitempty"`
	} `yaml:"gam,omitempty" json:"gam,omitempty"`
	Xoxoday *struct {
		StoreURL          *string   `yaml:"store_url,omitempty" json:"store_url,omitempty"`
		SSOLifetime       *Duration `yaml:"sso_lifetime,omitempty" json:"sso_lifetime,omitempty"`
		Extended          *bool     `yaml:"extended,omitempty" json:"extended,omitempty"`
		ValidateExpiresIn *string   `yaml:"validate_expires_in,omitempty" json:"validate_expires_in,omitempty"`
	} `yaml:"xoxoday,omitempty" json:"xoxoday,omitempty"`
}

type platform struct {
	AccessTokenURL *string `yaml:"access_token_url,omitempty" json:"access_token_url,omitempty"`
	UserDataURL    *string `yaml:"user_data_url,omitempty" json:"user_data_url,omitempty"`
	TokenURL       *string `yaml:"token_url,omitempty" json:"token_url,omitempty"`
	AppSecret      *string `yaml:"app_secret,omitempty" json:"app_secret,omitempty"`
}

type superapp struct {
	URL          *string `yaml:"url,omitempty" json:"url,omitempty"`
	ClientID     *string `yaml:"client_id,omitempty" json:"client_id,omitempty"`
	ClientSecret *string `yaml:"client_secret,omitempty" json:"client_secret,omitempty"`
}
