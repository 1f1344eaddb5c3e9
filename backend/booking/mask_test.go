package booking

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMasks(t *testing.T) {
	for plain, want := range map[string]string{
		"": "", "김": "김", "김밥": "김*", "홍길동": "홍*동", "남궁민수": "남**수", "KIM ANNA": "K******A",
	} {
		if got := MaskName(plain); got != want {
			t.Errorf("name %q is shown as %q, want %q", plain, got, want)
		}
	}
	for plain, want := range map[string]string{"": "", "0212": "****", "01012345678": "010-****-5678", "021234567": "021-**-4567"} {
		if got := MaskPhone(plain); got != want {
			t.Errorf("phone %q is shown as %q, want %q", plain, got, want)
		}
	}
	for plain, want := range map[string]string{"": "", "hong@example.com": "h***@example.com", "a@b.kr": "a*@b.kr", "none": "****"} {
		if got := MaskEmail(plain); got != want {
			t.Errorf("address %q is shown as %q, want %q", plain, got, want)
		}
	}
}

// TestMasksKeepToThemselves: of a name of four characters or more at most two are shown, of a phone at most seven digits.
func TestMasksKeepToThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[가-힣]{4,12}`).Draw(t, "name")
		if shown := strings.ReplaceAll(MaskName(name), "*", ""); len([]rune(shown)) > 2 {
			t.Fatalf("%q shows %q", name, shown)
		}
		phone := rapid.StringMatching(`0[0-9]{8,11}`).Draw(t, "phone")
		if shown := strings.NewReplacer("*", "", "-", "").Replace(MaskPhone(phone)); len(shown) > 7 {
			t.Fatalf("%q shows %q", phone, shown)
		}
	})
}
