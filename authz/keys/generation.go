package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/internal/secret"
	"gatehouse/storage"
)

const rsaBits = 2048

// generations is an opened, immutable view of the stored keys, oldest first.
type generations struct {
	keys  []signingKey
	infos []Info
	set   jose.JSONWebKeySet
	jwks  []byte
}

type signingKey struct {
	algorithm  string
	activeFrom time.Time
	signers    map[string]jose.Signer // by the typ that they write
}

// generate makes a key whose ID is its thumbprint (RFC 7638).
func generate(alg jose.SignatureAlgorithm, sealer *secret.Sealer) (storage.Key, error) {
	private, err := newPrivate(alg)
	if err != nil {
		return storage.Key{}, fmt.Errorf("keys: %w", err)
	}
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(alg), Use: "sig"}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return storage.Key{}, fmt.Errorf("keys: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	publicJSON, err := public.MarshalJSON()
	if err != nil {
		return storage.Key{}, fmt.Errorf("keys: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return storage.Key{}, fmt.Errorf("keys: %w", err)
	}
	return storage.Key{
		ID: public.KeyID, Algorithm: string(alg), Public: publicJSON,
		Sealed: sealer.Seal(der, public.KeyID),
	}, nil
}

func newPrivate(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	if alg == jose.RS256 {
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// open unseals stored keys and prepares a signer for each.
func open(stored []storage.Key, sealer *secret.Sealer) (*generations, error) {
	g := &generations{}
	for _, k := range stored {
		der, err := sealer.Open(k.Sealed, k.ID)
		if err != nil {
			return nil, unopenable(k.ID, err)
		}
		private, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("keys: %s: %w", k.ID, err)
		}
		signers, err := newSigners(k, private)
		if err != nil {
			return nil, fmt.Errorf("keys: %s: %w", k.ID, err)
		}
		var public jose.JSONWebKey
		if err := public.UnmarshalJSON(k.Public); err != nil {
			return nil, fmt.Errorf("keys: %s: %w", k.ID, err)
		}
		g.keys = append(g.keys, signingKey{algorithm: k.Algorithm, activeFrom: k.ActiveFrom, signers: signers})
		g.set.Keys = append(g.set.Keys, public)
		g.infos = append(g.infos, Info{ID: k.ID, Algorithm: k.Algorithm, Generation: k.Generation,
			CreatedAt: k.CreatedAt, ActiveFrom: k.ActiveFrom, RetiredAt: k.RetiredAt})
	}
	var err error
	g.jwks, err = json.Marshal(g.set)
	return g, err
}

// newest is the number of the newest generation; 0 where there is none.
func (g *generations) newest() (generation int) {
	for _, k := range g.infos {
		generation = max(generation, k.Generation)
	}
	return generation
}

// signs reports whether a generation, or a newer one, may sign at now.
func (g *generations) signs(generation int, now time.Time) bool {
	return slices.ContainsFunc(g.infos, func(k Info) bool { return k.Generation >= generation && !k.ActiveFrom.After(now) })
}

func newSigners(k storage.Key, private any) (map[string]jose.Signer, error) {
	key := jose.SigningKey{
		Algorithm: jose.SignatureAlgorithm(k.Algorithm),
		Key:       jose.JSONWebKey{Key: private, KeyID: k.ID},
	}
	signers := map[string]jose.Signer{}
	for _, typ := range []string{typeJWT, typeSecurityEvent} {
		signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
		if err != nil {
			return nil, err
		}
		signers[typ] = signer
	}
	return signers, nil
}

// signer returns the newest key for alg that may sign at now, writing typ; the oldest one where a clock was set back
// before them all.
func (g *generations) signer(alg, typ string, now time.Time) (jose.Signer, error) {
	var oldest jose.Signer
	for i := len(g.keys) - 1; i >= 0; i-- {
		k := g.keys[i]
		if k.algorithm != alg {
			continue
		}
		if !now.Before(k.activeFrom) {
			return k.signers[typ], nil
		}
		oldest = k.signers[typ]
	}
	if oldest == nil {
		return nil, fmt.Errorf("keys: no key for %q", alg)
	}
	return oldest, nil
}

func (g *generations) public(id string) *jose.JSONWebKey {
	for i := range g.set.Keys {
		if g.set.Keys[i].KeyID == id {
			return &g.set.Keys[i]
		}
	}
	return nil
}
