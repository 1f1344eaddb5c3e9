package upstream

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"
)

var (
	busyCode    = []byte(`"code":"busy"`)
	problemType = []byte("application/problem+json")
	errSlow     = &fault{words: saidSlow}
)

// judge says what the breaker should think of an answer. That the backend has too much to do, or cannot do something just
// now and says so in its own words, is no fault of the instance.
func judge(resp *fasthttp.Response, took, slow time.Duration) error {
	status := resp.StatusCode()
	switch {
	case status == http.StatusServiceUnavailable && bytes.HasPrefix(resp.Header.ContentType(), problemType):
		if bytes.Contains(resp.Body(), busyCode) {
			return errOverloaded
		}
		return nil
	case status >= http.StatusInternalServerError:
		return answered(status)
	case took > slow:
		return errSlow
	}
	return nil
}

func answered(status int) *fault {
	return &fault{words: words{fmt.Sprintf("백엔드가 %d로 답합니다", status), fmt.Sprintf("backend answered %d", status)}}
}
