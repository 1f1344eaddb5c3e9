package control

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// longestProfile bounds a profile, in seconds: the connection must outlive it.
const longestProfile = 30

// profile answers GET /control/v1/profile?seconds=N with what the process's processors did in the next seconds, as `go tool
// pprof` reads it. One is taken at a time.
func (c *Control) profile(w http.ResponseWriter, r *http.Request, _ operator) error {
	seconds, err := strconv.Atoi(r.URL.Query().Get("seconds"))
	if err != nil || seconds < 1 || seconds > longestProfile {
		return invalid(fmt.Sprintf("seconds에는 1~%d을 적어 주세요.", longestProfile), fmt.Sprintf("Give seconds, 1 to %d.", longestProfile))
	}
	var taken bytes.Buffer
	if pprof.StartCPUProfile(&taken) != nil {
		return &api.Problem{Status: http.StatusConflict, Code: "profile_running", Detail: "다른 프로파일을 재고 있습니다. 끝난 뒤에 다시 하세요.", DetailEn: "Another profile is being taken. Try again when it is done."}
	}
	select {
	case <-r.Context().Done():
	case <-time.After(time.Duration(seconds) * time.Second):
	}
	pprof.StopCPUProfile()
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(taken.Bytes()) // who asked may be gone
	return nil
}
