package main

import (
	"strings"
	"testing"

	"github.com/daemun/daemun/admin/words"
)

func TestFlags(t *testing.T) {
	c, err := parseFlags([]string{"--cert", "me.pem", "--ca", "ca.pem", "--lang", "en", "--size", "1600x1000"})
	if err != nil {
		t.Fatal(err)
	}
	if c.options.Control != "https://127.0.0.1:8443" || c.options.CertFile != "me.pem" || c.lang != words.En || c.width != 1600 || c.height != 1000 {
		t.Errorf("read as %+v", c)
	}
	for says, args := range map[string][]string{
		"--cert and --ca are needed": {"--cert", "me.pem"},
		"there are ko and en":        {"--cert", "a", "--ca", "b", "--lang", "fr"},
		"at least 1280x800":          {"--cert", "a", "--ca", "b", "--size", "800x600"},
	} {
		if _, err := parseFlags(args); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %q", args, err, says)
		}
	}
}
