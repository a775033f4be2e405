package logo

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withExif puts Exif data with an orientation, after another tag, behind a JPEG file's first two bytes.
func withExif(file []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x0100, 640}, {0x0112, orientation}} {
		tiff = order.AppendUint16(tiff, entry[0])
		tiff = order.AppendUint16(tiff, 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, entry[1])
		tiff = order.AppendUint16(tiff, 0)
	}
	tiff = order.AppendUint32(tiff, 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	app1 := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(segment)+2))
	return bytes.Join([][]byte{file[:2], append(app1, segment...), file[2:]}, nil)
}

var colours = map[byte]color.NRGBA{'r': {220, 0, 0, 255}, 'g': {0, 200, 0, 255}, 'b': {0, 0, 220, 255}, 'w': {255, 255, 255, 255}}

// quarters is a picture of four colours: top left, top right, bottom left, bottom right.
func quarters(width, height int, of string) image.Image {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			n := 0
			if x >= width/2 {
				n++
			}
			if y >= height/2 {
				n += 2
			}
			picture.Set(x, y, colours[of[n]])
		}
	}
	return picture
}

// nearest is the colour of quarters that a point has; 0 where it is transparent.
func nearest(c color.Color) byte {
	r, g, _, a := c.RGBA()
	switch light := func(v uint32) bool { return v > 0x8000 }; {
	case a < 0x8000:
		return 0
	case light(r) && light(g):
		return 'w'
	case light(r):
		return 'r'
	case light(g):
		return 'g'
	}
	return 'b'
}

func TestAPhotographIsDrawnAsItIsMeantToBeSeen(t *testing.T) {
	// Seen, each is 192 × 96 pixels, red and green above blue and white. This is how a camera that was held in some way stores it.
	for orientation, stored := range map[uint16]string{1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "gwrb", 7: "wgbr", 8: "brwg"} {
		width, height := 192, 96
		if orientation > 4 {
			width, height = height, width
		}
		file := asJPEG(t, quarters(width, height, stored))
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			l, err := Make(withExif(file, order, orientation), moment)
			require.NoError(t, err)
			for _, side := range Sides {
				drawn, err := png.Decode(bytes.NewReader(l.Images[side]))
				require.NoError(t, err)
				var seen []byte
				for _, at := range [][2]int{{1, 3}, {3, 3}, {1, 5}, {3, 5}, {1, 1}, {3, 7}} {
					seen = append(seen, nearest(drawn.At(at[0]*side/4, at[1]*side/8)))
				}
				assert.Equal(t, "rgbw\x00\x00", string(seen), "%d %v %d", orientation, order, side)
			}
		}
	}
}

func TestAnOrientationThatCannotBeReadIsNone(t *testing.T) {
	file := asJPEG(t, quarters(96, 96, "rgbw"))
	whole := withExif(file, binary.LittleEndian, 6)
	require.Equal(t, 6, orientation(whole))
	for n := range len(whole) - len(file) { // cut anywhere within the segment
		require.NotPanics(t, func() { orientation(whole[:n]) }, n)
	}
	far := bytes.Replace(whole, []byte("II*\x00\x08"), []byte("II*\x00\xff"), 1)
	for name, odd := range map[string][]byte{
		"no Exif": file, "9": withExif(file, binary.BigEndian, 9), "0": withExif(file, binary.BigEndian, 0), "an offset that leads out": far,
		"no TIFF": bytes.Replace(whole, []byte("II*"), []byte("II+"), 1), "no JPEG": asPNG(t, quarters(96, 96, "rgbw")), "nothing": nil,
	} {
		require.Equal(t, upright, orientation(odd), name)
	}
}
