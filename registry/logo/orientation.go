package logo

import (
	"bytes"
	"encoding/binary"
	"image"
)

// upright is how a picture is meant to be seen that stands as it is stored: a camera says so in the tag Orientation of its Exif
// data (CIPA DC-008, Exif 2.32, §4.6.4), which is one of 1 to 8.
const upright = 1

// orientation returns the tag Orientation of a JPEG file; upright where it has none that can be read.
func orientation(file []byte) int {
	exif := exifOf(file)
	if len(exif) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(exif[:4]) { // TIFF 6.0 §2
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	at := uint64(order.Uint32(exif[4:]))
	if at+2 > uint64(len(exif)) {
		return upright
	}
	entries := exif[at+2:]
	for range order.Uint16(exif[at:]) {
		const size, tag, short = 12, 0x0112, 3
		if len(entries) < size {
			break
		}
		value := order.Uint16(entries[8:])
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short && value >= 1 && value <= 8 {
			return int(value)
		}
		entries = entries[size:]
	}
	return upright
}

// exifOf returns what stands behind the mark Exif in a segment APP1 of a JPEG file; nil where there is none. See ITU-T T.81
// §B.1.1 for segments.
func exifOf(file []byte) []byte {
	const app1, startOfScan = 0xe1, 0xda
	rest, is := bytes.CutPrefix(file, []byte("\xff\xd8"))
	for is && len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan {
		if rest[1] == 0xff { // a fill byte
			rest = rest[1:]
			continue
		}
		length := int(binary.BigEndian.Uint16(rest[2:])) + 2
		if length > len(rest) {
			break
		}
		if exif, found := bytes.CutPrefix(rest[4:max(4, length)], []byte("Exif\x00\x00")); found && rest[1] == app1 {
			return exif
		}
		rest = rest[length:]
	}
	return nil
}

// turned returns a square as it is meant to be seen.
func turned(square *image.RGBA, orientation int) *image.RGBA {
	if orientation == upright {
		return square
	}
	last := square.Rect.Dx() - 1
	out := image.NewRGBA(square.Rect)
	for y := range last + 1 {
		for x := range last + 1 {
			out.SetRGBA(x, y, square.RGBAAt(stored(x, y, last, orientation)))
		}
	}
	return out
}

// stored is where a point of a square that is last+1 wide is stored that is to be seen at x and y: Exif says of each
// orientation on which side the first row and the first column are seen.
func stored(x, y, last, orientation int) (column, row int) {
	switch orientation {
	case 2: // top, right
		return last - x, y
	case 3: // bottom, right
		return last - x, last - y
	case 4: // bottom, left
		return x, last - y
	case 5: // left, top
		return y, x
	case 6: // right, top
		return y, last - x
	case 7: // right, bottom
		return last - y, last - x
	case 8: // left, bottom
		return last - y, x
	}
	return x, y
}
