package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// picture is a PNG file of one colour.
func picture(t testing.TB, side int, c color.Color) []byte {
	t.Helper()
	drawn := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			drawn.Set(x, y, c)
		}
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, drawn))
	return file.Bytes()
}

// multipartForm is a form with a file, as a browser posts it.
func multipartForm(t testing.TB, form url.Values, field string, file []byte) (body []byte, media string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name, values := range form {
		for _, value := range values {
			require.NoError(t, w.WriteField(name, value))
		}
	}
	part, err := w.CreateFormFile(field, "logo.png")
	require.NoError(t, err)
	_, err = part.Write(file)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes(), w.FormDataContentType()
}

// upload posts form#step of a page with a logo and some of its controls changed.
func (b *browser) upload(page answer, file []byte, site string, pairs ...string) answer {
	b.s.t.Helper()
	action, form := typed(b.s.t, page, "step")
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	body, media := multipartForm(b.s.t, form, "logo", file)
	r, err := http.NewRequest(http.MethodPost, b.s.absolute(action), bytes.NewReader(body))
	require.NoError(b.s.t, err)
	r.Header.Set("Content-Type", media)
	r.Header.Set("Sec-Fetch-Site", site)
	return do(b.s.t, b.Client, r)
}

var red, blue = color.NRGBA{200, 30, 30, 255}, color.NRGBA{30, 30, 200, 255}

func TestALogoIsUploadedServedAndReviewed(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.aDeveloper("ana@example.com", "acme")
		at := b.draft("Kiosk")
		id := strings.TrimPrefix(at, "/developer/apps/")

		// A file that is none is refused, with its reason, and what else was typed is there.
		svg := b.upload(b.get(at+"/identity"), []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "same-origin", "name", "Kiosk and more", "name:es", "Quiosco")
		require.Equal(t, http.StatusUnprocessableEntity, svg.StatusCode)
		require.Contains(t, svg.body, "is not a PNG, JPEG or WebP picture")
		require.Contains(t, svg.body, `value="Kiosk and more"`)
		require.Contains(t, svg.body, `value="Quiosco"`)
		large := b.upload(b.get(at+"/identity"), make([]byte, 3<<20), "same-origin", "name", "Kiosk and more")
		require.Equal(t, http.StatusUnprocessableEntity, large.StatusCode)
		require.Contains(t, large.body, "is larger than 1 MB")
		require.Contains(t, large.body, `value="Kiosk and more"`)

		// A good file need not be chosen again when something else is wrong.
		wrong := b.upload(b.get(at+"/identity"), picture(t, 100, red), "same-origin", "client_uri", "http://kiosk.example/")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
		saved := b.led(b.fill(wrong, "step", "client_uri", "https://kiosk.example/"))
		c, err := s.store.Client(t.Context(), id)
		require.NoError(t, err)
		require.Regexp(t, "^"+s.url+"/logo/[0-9a-f]{64}-192.png$", c.LogoURI)
		first := strings.TrimSuffix(strings.TrimPrefix(c.LogoURI, s.url), "192.png")
		require.Contains(t, saved.body, first+"96.png")
		for _, side := range []string{"48", "96", "192"} {
			a := s.newBrowser().get(first + side + ".png")
			require.Equal(t, http.StatusOK, a.StatusCode)
			require.Equal(t, "image/png", a.Header.Get("Content-Type"))
			require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
			require.Equal(t, "public, max-age=31536000, immutable", a.Header.Get("Cache-Control"))
			require.Equal(t, "default-src 'none'; frame-ancestors 'none'; sandbox", a.Header.Get("Content-Security-Policy"))
			config, err := png.DecodeConfig(strings.NewReader(a.body))
			require.NoError(t, err)
			require.Equal(t, side, map[int]string{48: "48", 96: "96", 192: "192"}[config.Width])
		}
		for _, none := range []string{first + "100.png", "/logo/x.png", "/logo/" + strings.Repeat("0", 64) + "-48.png"} {
			require.Equal(t, http.StatusNotFound, b.get(none).StatusCode, none)
		}

		// A new logo of a live mini app waits for its review, and people see the one before.
		s.updateClient(id, func(c *storage.Client) {
			c.Status, c.RedirectURIs, c.Scopes = storage.StatusApproved, []string{"https://kiosk.example/cb"}, []storage.ClientScope{{Name: "openid", Required: true}}
		})
		require.Equal(t, http.StatusSeeOther, b.upload(b.get(at+"/identity"), picture(t, 100, blue), "same-origin").StatusCode)
		c, err = s.store.Client(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, s.url+first+"192.png", c.LogoURI)
		require.Contains(t, b.get(at).body, "<code>logo_uri</code>")
		asked := b.authorize(request(id, "redirect_uri", "https://kiosk.example/cb", "scope", "openid"))
		consent := b.get(asked.Header.Get("Location"))
		require.Contains(t, consent.body, `src="`+first+`96.png" srcset="`+first+`96.png 1x, `+first+`192.png 2x"`)
		require.NotContains(t, b.get(at+"/preview").body, first)

		// A reviewer sees both.
		version, err := s.store.OpenVersion(t.Context(), id)
		require.NoError(t, err)
		second := strings.TrimSuffix(strings.TrimPrefix(version.Client.LogoURI, s.url), "192.png")
		_, reviewed := s.inConsole("/admin/apps/"+id, storage.RoleReviewer)
		for side, want := range map[string]string{first: "removed", second: "added"} {
			_, figure, found := strings.Cut(reviewed.body, `<img class="logo" src="`+side+`96.png" alt="Logo"`)
			require.True(t, found, "%s in %s", side, reviewed.body)
			figure, _, _ = strings.Cut(figure, "</figure>")
			require.Contains(t, figure, want)
		}
		s.give("ana@example.com", storage.RoleDeveloper)

		removed := b.upload(b.get(at+"/identity"), nil, "same-origin", "no_logo", "1")
		require.Equal(t, http.StatusSeeOther, removed.StatusCode)
		require.NotContains(t, b.get(at+"/preview").body, "/logo/")
	})
}

func TestAFormWithAFileIsProtectedAndBounded(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	step := b.get(at + "/identity")
	require.Equal(t, http.StatusForbidden, b.upload(step, picture(t, 100, red), "cross-site", "name", "Forged").StatusCode)
	require.Contains(t, b.get(at).body, "Kiosk")
	require.Equal(t, http.StatusRequestEntityTooLarge, b.upload(step, nil, "same-origin", "name", strings.Repeat("x", 65<<10)).StatusCode)
	require.Equal(t, http.StatusBadRequest, b.upload(step, nil, "same-origin", "name", "a\x00b").StatusCode)
	for _, broken := range []string{"multipart/form-data", "multipart/form-data; boundary=x"} {
		r, err := http.NewRequest(http.MethodPost, s.absolute(at+"/identity"), strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nKio"))
		require.NoError(t, err)
		r.Header.Set("Content-Type", broken)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		require.Equal(t, http.StatusBadRequest, do(t, b.Client, r).StatusCode, broken)
	}
	other := s.newBrowser()
	_, page := other.Client, other.signIn(other.get("/developer"), "bo@example.com")
	require.Equal(t, http.StatusForbidden, page.StatusCode)
	require.Equal(t, http.StatusForbidden, other.upload(step, picture(t, 100, red), "same-origin", "interaction", other.sealOf("/developer")).StatusCode)
}

func TestALogoIsPutAtTheAPI(t *testing.T) {
	t.Parallel()
	s, developer := developing(t, furnished.SQLite(t))
	s.api(developer, http.MethodPost, "/clients", newMiniApp).require(t, http.StatusCreated)
	put := func(key string, file []byte, headers ...string) answer {
		return s.send(http.MethodPut, "/api/v1/clients/mini/logo", string(file), append([]string{"Authorization", "Bearer " + key}, headers...)...)
	}
	file := picture(t, 64, red)
	put(developer, file).require(t, http.StatusUnsupportedMediaType)
	put(developer, []byte("GIF89a"), "Content-Type", "image/png").require(t, http.StatusUnprocessableEntity)
	put(developer, make([]byte, 2<<20), "Content-Type", "image/png").require(t, http.StatusRequestEntityTooLarge)
	put(developer, file, "Content-Type", "image/png", "If-Match", `"other"`).require(t, http.StatusPreconditionFailed)
	a := put(developer, file, "Content-Type", "image/webp").require(t, http.StatusOK)
	require.Regexp(t, "^"+s.url+"/logo/[0-9a-f]{64}-192.png$", a.json(t)["logo_uri"])
	stranger := s.staff("stranger@example.com", storage.RoleDeveloper)
	put(stranger, file, "Content-Type", "image/png").require(t, http.StatusNotFound)

	// What no registration names is gone after a day.
	uri := strings.TrimPrefix(a.json(t)["logo_uri"].(string), s.url)
	collect := func() {
		_, err := s.store.Collect(t.Context(), s.now(), 1000)
		require.NoError(t, err)
	}
	s.forward(25 * time.Hour)
	collect()
	require.Equal(t, http.StatusOK, s.newBrowser().get(uri).StatusCode)
	s.updateClient("mini", func(c *storage.Client) { c.LogoURI = "" })
	s.forward(25 * time.Hour)
	collect()
	require.Equal(t, http.StatusNotFound, s.newBrowser().get(uri).StatusCode)
}
