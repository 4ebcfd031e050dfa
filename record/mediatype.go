package record

import "bytes"

// MediaType says what the bytes of a document are. They decide, since a wrong
// type would be opened by the wrong program on somebody's telephone; what the
// sender declared, xml or text, decides only between kinds of text.
func MediaType(data []byte, xml, text bool) string {
	start := data[:min(len(data), 1024)]
	first := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case bytes.Contains(start, []byte("%PDF-")):
		return "application/pdf"
	case bytes.HasPrefix(start, []byte("\xFF\xD8\xFF")):
		return "image/jpeg"
	case bytes.HasPrefix(start, []byte("\x89PNG\r\n\x1A\n")):
		return "image/png"
	case bytes.HasPrefix(start, []byte("II*\x00")), bytes.HasPrefix(start, []byte("MM\x00*")):
		return "image/tiff"
	case bytes.HasPrefix(first, []byte("<")) && (xml || bytes.HasPrefix(first, []byte("<?xml"))):
		return "text/xml"
	case text:
		return "text/plain"
	}
	return "application/octet-stream"
}
