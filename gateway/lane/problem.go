package lane

import (
	"math"
	"net/http"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

var (
	problemNoCertificate = &api.Problem{
		Status: http.StatusForbidden, Code: "no_certificate",
		Detail:   "콜센터나 의료기관의 인증서가 필요합니다. 폐기되었거나 기간이 지난 인증서로는 들어올 수 없습니다.",
		DetailEn: "A certificate of the call centre or of a clinic is needed; one that was revoked or has expired opens nothing.",
	}
	problemOtherLane = &api.Problem{
		Status: http.StatusForbidden, Code: "other_lane",
		Detail: "이 인증서로는 할 수 없는 일입니다.", DetailEn: "This certificate is not for that lane.",
	}
)

func tooMany(wait time.Duration) *api.Problem {
	return &api.Problem{
		Status: http.StatusTooManyRequests, Code: "too_many",
		Detail: "한 사람이 보낼 수 있는 요청이 넘쳤습니다. 잠시 뒤에 다시 해 주세요.", DetailEn: "That is more than one agent may ask; please wait a moment.",
		RetryAfterS: int(math.Ceil(wait.Seconds())),
	}
}
