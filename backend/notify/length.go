package notify

// How many bytes a text message takes, in the encoding of Korean phone networks.
const (
	ShortText = 90   // SMS
	LongText  = 2000 // LMS
)

// Bytes is how long a text is in that encoding, EUC-KR with the extension that holds all Hangul syllables: one for each
// character of ASCII, two for each other. What the encoding does not have is replaced on the way, by no more than that.
func Bytes(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r >= 0x80 {
			n++
		}
	}
	return n
}
