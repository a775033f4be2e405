package logo

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var moment = time.Date(2026, 11, 3, 14, 0, 0, 0, time.UTC)

// plain is a picture of one colour.
func plain(width, height int, c color.Color) image.Image {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, c)
		}
	}
	return picture
}

func asPNG(t testing.TB, picture image.Image) []byte {
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, picture))
	return out.Bytes()
}

func asJPEG(t testing.TB, picture image.Image) []byte {
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, picture, nil))
	return out.Bytes()
}

func webpFile(t testing.TB) []byte {
	file, err := os.ReadFile("testdata/150x103.webp")
	require.NoError(t, err)
	return file
}

// withChunk puts a chunk behind a PNG file's header.
func withChunk(file []byte, kind, text string) []byte {
	const header = 8 + 25
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	chunk = append(chunk, kind+text...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE([]byte(kind+text)))
	return bytes.Join([][]byte{file[:header], chunk, file[header:]}, nil)
}

func TestALogoIsDrawnAnewInEachSize(t *testing.T) {
	red := plain(300, 200, color.NRGBA{200, 0, 0, 255})
	for name, file := range map[string][]byte{"png": asPNG(t, red), "jpeg": asJPEG(t, red), "webp": webpFile(t)} {
		l, err := Make(file, moment)
		require.NoError(t, err, name)
		require.Regexp(t, `^[0-9a-f]{64}$`, l.Hash)
		require.Equal(t, moment.Add(24*time.Hour), l.KeepUntil)
		require.Len(t, l.Images, 3)
		for _, side := range Sides {
			drawn, err := png.Decode(bytes.NewReader(l.Images[side]))
			require.NoError(t, err, name)
			require.Equal(t, image.Rect(0, 0, side, side), drawn.Bounds(), name)
			_, _, _, alpha := drawn.At(side/2, 1).RGBA()
			require.Zero(t, alpha, "%s: what is wider than high has transparent edges", name)
			_, _, _, alpha = drawn.At(side/2, side/2).RGBA()
			require.Equal(t, uint32(0xffff), alpha, name)
		}
	}
}

func TestWhatElseIsInAFileIsGone(t *testing.T) {
	file := asPNG(t, plain(64, 64, color.White))
	told := append(withChunk(file, "tEXt", "Comment\x00<script>alert(1)</script>"), "<script>PK\x03\x04"...)
	l, err := Make(told, moment)
	require.NoError(t, err)
	for _, image := range l.Images {
		require.NotContains(t, string(image), "script")
		require.NotContains(t, string(image), "PK")
	}
	same, err := Make(file, moment)
	require.NoError(t, err)
	require.Equal(t, same, l, "and the hash is of what is left")
	other, err := Make(asPNG(t, plain(64, 64, color.Black)), moment)
	require.NoError(t, err)
	require.NotEqual(t, same.Hash, other.Hash)
}

func TestWhatIsNoLogoIsRefusedWithTheReason(t *testing.T) {
	var animation bytes.Buffer
	require.NoError(t, gif.Encode(&animation, plain(64, 64, color.White), nil))
	whole := asPNG(t, plain(64, 64, color.White))
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":         {nil, "is not a PNG, JPEG or WebP picture"},
		"svg":             {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "is not a PNG, JPEG or WebP picture"},
		"gif":             {animation.Bytes(), "is not a PNG, JPEG or WebP picture"},
		"html":            {[]byte("<html>"), "is not a PNG, JPEG or WebP picture"},
		"a cut one":       {whole[:len(whole)/2], "cannot be read"},
		"a header alone":  {whole[:8], "cannot be read"},
		"a damaged webp":  {append([]byte("RIFF\x10\x00\x00\x00WEBPVP8 "), make([]byte, 20)...), "cannot be read"},
		"a small one":     {asPNG(t, plain(47, 300, color.White)), "is 47 × 300 pixels; a logo is at least 48 and at most 2048 wide and high"},
		"a large one":     {asPNG(t, plain(2049, 48, color.White)), "is 2049 × 48 pixels"},
		"too many bytes":  {append(whole, make([]byte, MaxBytes)...), "is larger than 1 MB"},
		"one that claims": {claiming(whole, 1<<20, 100), "pixels; a logo is"},
	} {
		_, err := Make(c.file, moment)
		require.ErrorContains(t, err, c.says, name)
	}
}

// claiming is a PNG file whose header says that it is larger than it is.
func claiming(file []byte, width, height uint32) []byte {
	const header = 8 + 8 // the signature, and the length and the name of the chunk IHDR (PNG §11.2.2)
	file = bytes.Clone(file)
	binary.BigEndian.PutUint32(file[header:], width)
	binary.BigEndian.PutUint32(file[header+4:], height)
	binary.BigEndian.PutUint32(file[header+13:], crc32.ChecksumIEEE(file[header-4:header+13]))
	return file
}

// A file of some kilobytes can unpack to gigabytes: how large it would be is known before it is unpacked.
func TestABombTakesNoMemory(t *testing.T) {
	bomb := claiming(asPNG(t, plain(64, 64, color.White)), 30_000, 30_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Make(bomb, moment)
	runtime.ReadMemStats(&after)
	require.ErrorContains(t, err, "is 30000 × 30000 pixels")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestALogoHasOneAddress(t *testing.T) {
	hash := strings.Repeat("0f", 32)
	uri := URI("https://host.example", hash)
	require.Equal(t, "https://host.example/logo/"+hash+"-192.png", uri)
	require.Equal(t, "/logo/"+hash+"-96.png", Path("https://host.example", uri, 96))
	for _, other := range []string{"", "https://other.example/logo/" + hash + "-192.png", "https://host.example/logo/../" + hash + "-192.png", uri + "?x", "https://host.example/logo/"} {
		require.Empty(t, Path("https://host.example", other, 96), other)
	}
}

func FuzzMake(f *testing.F) {
	picture := plain(50, 60, color.NRGBA{1, 2, 3, 100})
	for _, file := range [][]byte{asPNG(f, picture), asJPEG(f, picture), withExif(asJPEG(f, picture), binary.LittleEndian, 6), webpFile(f), claiming(asPNG(f, picture), 2048, 2048), []byte("RIFF????WEBPVP8X"), nil} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := Make(file, moment)
		if err != nil {
			return
		}
		for side, drawn := range l.Images {
			config, err := png.DecodeConfig(bytes.NewReader(drawn))
			if err != nil || config.Width != side || config.Height != side {
				t.Fatalf("%d: %v %v", side, config, err)
			}
		}
	})
}
