// Package logo makes the logos of mini apps: pictures that somebody uploads are drawn anew in our sizes, kept by what is in
// them, and served from our own origin, so that nobody who sees a page of ours is seen by somebody else's server.
package logo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"sync"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"gatehouse/storage"
)

const (
	// MaxBytes is the largest file that can be uploaded.
	MaxBytes = 1 << 20
	// minSide and maxSide bound a picture's width and height in pixels. Decoded, the largest takes some 60 MB for a moment.
	minSide, maxSide = 48, 2048
	// keptFor is how long a logo is kept that no registration names.
	keptFor = 24 * time.Hour
)

// Sides are the widths and heights of the squares that a logo is kept as, in pixels. Sides[2] is the one that a registration
// names.
var Sides = [3]int{48, 96, 192}

// formats are what can be uploaded, known by their first bytes: RFC 9649 §2, PNG §5.2 and ITU-T T.81 §B.1.1.
var formats = []struct {
	magic  string // a ? is any byte
	config func(*bytes.Reader) (image.Config, error)
	decode func(*bytes.Reader) (image.Image, error)
}{
	{"\x89PNG\r\n\x1a\n", func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }},
	{"\xff\xd8\xff", func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }},
	{"RIFF????WEBP", func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) }},
}

// Why a file is no logo. The texts follow the name of a field, as registry.Problem's do.
var (
	errLarge   = errors.New("is larger than 1 MB; make the file smaller")
	errFormat  = errors.New("is not a PNG, JPEG or WebP picture; save it as one of these")
	errDamaged = errors.New("is a picture that cannot be read; save it anew as PNG, JPEG or WebP, without animation")
)

// drawing lets one picture at a time into memory.
var drawing sync.Mutex

// Make draws a file anew as a logo that is kept for a day from now, and longer where a registration names it. What is not square gets
// transparent edges, and a photograph is turned as its Exif data say. What else is in the file, such as where a picture was taken, is gone. The error says what is wrong with
// the file, for whoever uploaded it.
func Make(file []byte, now time.Time) (storage.Logo, error) {
	drawing.Lock()
	defer drawing.Unlock()
	picture, err := decode(file)
	if err != nil {
		return storage.Logo{}, err
	}
	l := storage.Logo{Images: make(map[int][]byte, len(Sides)), KeepUntil: now.Add(keptFor)}
	sum, seen := sha256.New(), orientation(file)
	for _, side := range Sides {
		var out bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, turned(square(picture, side), seen)); err != nil {
			return storage.Logo{}, fmt.Errorf("logo: %w", err)
		}
		l.Images[side] = out.Bytes()
		sum.Write(out.Bytes())
	}
	l.Hash = hex.EncodeToString(sum.Sum(nil))
	return l, nil
}

// decode returns the picture in a file. How large it would be is looked at before it is read.
func decode(file []byte) (image.Image, error) {
	if len(file) > MaxBytes {
		return nil, errLarge
	}
	for _, f := range formats {
		if !begins(file, f.magic) {
			continue
		}
		config, err := f.config(bytes.NewReader(file))
		switch {
		case err != nil:
			return nil, errDamaged
		case config.Width < minSide || config.Height < minSide || config.Width > maxSide || config.Height > maxSide:
			return nil, fmt.Errorf("is %d × %d pixels; a logo is at least %d and at most %d wide and high", config.Width, config.Height, minSide, maxSide)
		}
		picture, err := f.decode(bytes.NewReader(file))
		if err != nil {
			return nil, errDamaged
		}
		return picture, nil
	}
	return nil, errFormat
}

func begins(file []byte, magic string) bool {
	if len(file) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != file[i] {
			return false
		}
	}
	return true
}

// square fits a picture into the middle of a transparent square.
func square(picture image.Image, side int) *image.RGBA {
	size := picture.Bounds().Size()
	longest := max(size.X, size.Y)
	width, height := max(1, size.X*side/longest), max(1, size.Y*side/longest)
	at := image.Rect(0, 0, width, height).Add(image.Pt((side-width)/2, (side-height)/2))
	drawn := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.CatmullRom.Scale(drawn, at, picture, picture.Bounds(), draw.Src, nil)
	return drawn
}
