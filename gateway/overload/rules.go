package overload

// Rule is a rule that turns requests away.
type Rule struct {
	Name   string
	Ko, En string
	// Two people must agree before it only counts: without it nothing keeps the backend from being overrun.
	Two bool
}

// Rules is the table of rules that can be made to count only.
var Rules = []Rule{
	{"limit", "동시 요청 한도", "the limit of requests at once", true},
	{"threshold", "등급별 통과 기준", "the threshold of each class", false},
	{"queue", "대기열 길이와 밀어내기", "the bound of the permit queue, and who gives way in it", true},
	{"deadline", "허가를 기다리는 최대 시간", "how long a request waits for a permit", false},
	{"breaker", "차단기", "breakers", false},
	{"connections", "연결 수 상한", "bounds of connections", false},
	{"lag", "게이트웨이 지연 차단", "turning away while the gateway runs late", false},
	{"brownout", "단계적 축소", "the brownout ladder", false},
}

// RuleOf returns the rule of a name, nil where there is none.
func RuleOf(name string) *Rule {
	for i := range Rules {
		if Rules[i].Name == name {
			return &Rules[i]
		}
	}
	return nil
}
