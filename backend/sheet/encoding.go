package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/transform"
)

// Encoding is how a file's characters are written.
type Encoding string

// Encodings. CP949 is what Korean Windows calls EUC-KR and what spreadsheets there save as "CSV".
const (
	Auto  Encoding = "auto" // by what the first MiB is
	UTF8  Encoding = "utf-8"
	CP949 Encoding = "cp949"
)

// Encodings lists them.
var Encodings = []Encoding{Auto, UTF8, CP949}

// sampleLen is how much of a file is looked at to tell its encoding.
const sampleLen = 1 << 20

// decode returns the file's characters in UTF-8.
func decode(r io.Reader, e Encoding) (io.Reader, error) {
	in := bufio.NewReaderSize(r, sampleLen)
	sample, err := in.Peek(sampleLen)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("reading the table: %w", err)
	}
	if wide(sample) {
		return nil, &HeaderError{"UTF-16(유니코드 텍스트) 파일은 읽지 않습니다. ‘CSV UTF-8(쉼표로 분리)’ 형식으로 다시 저장해 주세요.",
			"this file is UTF-16 (Unicode text); save it as “CSV UTF-8 (comma delimited)”"}
	}
	if bytes.HasPrefix(sample, []byte("PK\x03\x04")) || bytes.HasPrefix(sample, []byte("\xd0\xcf\x11\xe0")) {
		return nil, &HeaderError{"엑셀 파일은 읽지 않습니다. ‘CSV UTF-8(쉼표로 분리)’ 형식으로 저장해 주세요.",
			"this is a spreadsheet; save it as “CSV UTF-8 (comma delimited)”"}
	}
	if bytes.HasPrefix(sample, []byte("\ufeff")) {
		if _, err := in.Discard(len("\ufeff")); err != nil {
			return nil, fmt.Errorf("reading the table: %w", err)
		}
		return in, nil
	}
	if e == CP949 || e == Auto && !validUTF8(sample) {
		return transform.NewReader(in, korean.EUCKR.NewDecoder()), nil
	}
	return in, nil
}

// wide tells UTF-16 by its mark.
func wide(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff})
}

// validUTF8 leaves aside a character that the end of the sample cut.
func validUTF8(b []byte) bool {
	for cut := range min(utf8.UTFMax, len(b)+1) {
		if utf8.Valid(b[:len(b)-cut]) {
			return true
		}
	}
	return false
}
