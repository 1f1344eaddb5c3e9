package overload

import (
	"fmt"
	"math"
	"time"

	"github.com/daemun/daemun/gateway/brownout"
	"github.com/daemun/daemun/gateway/shed"
)

// Parameter is a number that operators may change, within bounds.
type Parameter struct {
	Name     string
	Unit     string // ms, s, %, permits …; empty for a plain number
	Min, Max float64
	Whole    bool // no fractions
	Ko, En   string

	get func(*Config) float64
	set func(*Config, float64)
}

// Value is what the parameter is in a configuration.
func (p *Parameter) Value(c *Config) float64 { return p.get(c) }

func (p *Parameter) fits(v float64) bool {
	return v >= p.Min && v <= p.Max && (!p.Whole || v == math.Trunc(v)) // NaN is neither
}

func count(name, unit string, from, to int, field func(*Config) *int, ko, en string) Parameter {
	return Parameter{
		Name: name, Unit: unit, Min: float64(from), Max: float64(to), Whole: true, Ko: ko, En: en,
		get: func(c *Config) float64 { return float64(*field(c)) },
		set: func(c *Config, v float64) { *field(c) = int(v) },
	}
}

func span(name string, unit time.Duration, from, to float64, field func(*Config) *time.Duration, ko, en string) Parameter {
	return Parameter{
		Name: name, Unit: map[time.Duration]string{time.Millisecond: "ms", time.Second: "s"}[unit], Min: from, Max: to, Ko: ko, En: en,
		get: func(c *Config) float64 { return float64(*field(c)) / float64(unit) },
		set: func(c *Config, v float64) { *field(c) = time.Duration(v * float64(unit)) },
	}
}

func number(name, unit string, from, to float64, field func(*Config) *float64, ko, en string) Parameter {
	return Parameter{
		Name: name, Unit: unit, Min: from, Max: to, Ko: ko, En: en,
		get: func(c *Config) float64 { return *field(c) },
		set: func(c *Config, v float64) { *field(c) = v },
	}
}

// Parameters is the table of everything that can be changed, in the order in which it is shown.
var Parameters = []Parameter{
	count("limit.start", "permits", 1, 4096, func(c *Config) *int { return &c.Gate.Limit.Start }, "새 백엔드가 시작할 때의 동시 요청 한도", "requests at once that a new instance begins with"),
	count("limit.min", "permits", 1, 256, func(c *Config) *int { return &c.Gate.Limit.Min }, "동시 요청 한도의 하한", "the limit never goes below this"),
	count("limit.max", "permits", 4, 16384, func(c *Config) *int { return &c.Gate.Limit.Max }, "동시 요청 한도의 상한", "the limit never goes above this"),
	span("limit.queue_target_ms", time.Millisecond, 1, 1000, func(c *Config) *time.Duration { return &c.Gate.Limit.QueueTarget }, "백엔드 안에서 기다려도 되는 시간", "wait inside the backend that is still healthy"),
	span("limit.ceiling_ms", time.Millisecond, 10, 10000, func(c *Config) *time.Duration { return &c.Gate.Limit.Ceiling }, "이보다 늦은 응답은 과부하로 봄", "answers slower than this mean congestion"),
	count("queue.length", "requests", 0, 65536, func(c *Config) *int { return &c.Gate.Queue }, "허가를 기다릴 수 있는 요청 수(전용 창구 제외)", "requests that may wait for a permit, the lane aside"),
	wait("queue.wait_p0_ms", shed.P0, "P0가 허가를 기다리는 최대 시간", "how long P0 waits for a permit"),
	wait("queue.wait_p1_ms", shed.P1, "P1이 허가를 기다리는 최대 시간", "how long P1 waits for a permit"),
	wait("queue.wait_p2_ms", shed.P2, "P2가 허가를 기다리는 최대 시간", "how long P2 waits for a permit"),
	wait("queue.wait_p3_ms", shed.P3, "P3가 허가를 기다리는 최대 시간", "how long P3 waits for a permit"),
	span("queue.wait_pressed_ms", time.Millisecond, 0, 10000, func(c *Config) *time.Duration { return &c.Gate.Pressed }, "통과 기준을 쓰는 동안 P2·P3가 허가를 기다리는 최대 시간", "how long P2 and P3 wait at most while they have a threshold"),
	share("share.p1", shed.P1, "허가 n개마다 하나는 P1이 먼저(0: 없음)", "every n-th permit goes to P1 first; 0: none"),
	share("share.p2", shed.P2, "허가 n개마다 하나는 P2가 먼저(0: 없음)", "every n-th permit goes to P2 first; 0: none"),
	share("share.p3", shed.P3, "허가 n개마다 하나는 P3가 먼저(0: 없음)", "every n-th permit goes to P3 first; 0: none"),
	number("lane.share", "", 0, 0.5, func(c *Config) *float64 { return &c.Gate.LaneShare }, "콜센터·의료기관 몫의 허가 비율", "part of the permits that is the reserved lane's"),
	count("lane.queue", "requests", 0, 4096, func(c *Config) *int { return &c.Gate.LaneQueue }, "전용 창구에서 기다릴 수 있는 요청 수", "requests of the lane that may wait"),
	number("breaker.ratio", "", 0.05, 1, func(c *Config) *float64 { return &c.Breaker.Ratio }, "이 비율이 실패하면 차단기가 열림", "part of failures at which a breaker opens"),
	count("breaker.requests", "requests", 1, 10000, func(c *Config) *int { return &c.Breaker.Requests }, "차단기가 판단하기 시작하는 요청 수", "requests before a breaker judges"),
	span("breaker.open_ms", time.Millisecond, 100, 60000, func(c *Config) *time.Duration { return &c.Breaker.Open }, "열린 차단기가 다시 시험하기까지", "how long a breaker stays open before it tries again"),
	span("breaker.slow_ms", time.Millisecond, 50, 10000, func(c *Config) *time.Duration { return &c.Breaker.Slow }, "이보다 늦은 응답은 실패로 셈", "answers slower than this count as failures"),
	span("slow_start_ms", time.Millisecond, 0, 120000, func(c *Config) *time.Duration { return &c.SlowStart }, "새 백엔드나 돌아온 백엔드가 제 몫까지 오르는 시간", "how long a new or returned instance takes to reach its full share"),
	span("lag_ms", time.Millisecond, 20, 5000, func(c *Config) *time.Duration { return &c.Lag }, "게이트웨이가 이보다 늦어지면 모두에게 나중에 오라고 함", "running later than this, the gateway turns everybody away"),
	count("connections.max", "connections", 100, 2000000, func(c *Config) *int { return &c.Connections.Max }, "시민 연결 수의 상한", "citizens' connections at once"),
	count("connections.per_source", "connections", 4, 1000000, func(c *Config) *int { return &c.Connections.PerSource }, "한 주소에서 오는 연결 수의 상한", "connections from one address at once"),
	span("brownout.up_s", time.Second, 1, 60, func(c *Config) *time.Duration { return &c.Brownout.Up }, "나빠진 상태가 이만큼 이어지면 단계를 올림", "a worse state lasts so long before the ladder goes up"),
	span("brownout.down_s", time.Second, 2, 3600, func(c *Config) *time.Duration { return &c.Brownout.Down }, "나아진 상태가 이만큼 이어지면 한 단계 내림(4단계에서는 up_s)", "a better state lasts so long before it comes one step down; from step 4 after up_s already"),
	span("brownout.age_s", time.Second, 1, 300, func(c *Config) *time.Duration { return &c.Brownout.Age }, "1단계부터 기억에서 답하는 공용 목록의 최대 나이", "from step 1 on, how old a list answered from memory may be"),
	mark("brownout.lag_aged_ms", "ms", 5000, lagMarks, brownout.Aged, "이 지연부터 1단계(0: 쓰지 않음)", "lateness at which step 1 is wanted; 0: never"),
	mark("brownout.lag_lean_ms", "ms", 5000, lagMarks, brownout.Lean, "이 지연부터 2단계(0: 쓰지 않음)", "lateness at which step 2 is wanted; 0: never"),
	mark("brownout.lag_static_ms", "ms", 5000, lagMarks, brownout.Static, "이 지연부터 3단계(0: 쓰지 않음)", "lateness at which step 3 is wanted; 0: never"),
	mark("brownout.memory_aged", "", 1, memoryMarks, brownout.Aged, "메모리 한도의 이 비율부터 1단계(0: 쓰지 않음)", "part of the memory limit at which step 1 is wanted; 0: never"),
	mark("brownout.memory_lean", "", 1, memoryMarks, brownout.Lean, "메모리 한도의 이 비율부터 2단계(0: 쓰지 않음)", "part of the memory limit at which step 2 is wanted; 0: never"),
	mark("brownout.memory_static", "", 1, memoryMarks, brownout.Static, "메모리 한도의 이 비율부터 3단계(0: 쓰지 않음)", "part of the memory limit at which step 3 is wanted; 0: never"),
	mark("brownout.connections_lean", "", 1, connectionMarks, brownout.Lean, "연결 상한의 이 비율부터 2단계(0: 쓰지 않음)", "part of the room for connections at which step 2 is wanted; 0: never"),
	mark("brownout.connections_static", "", 1, connectionMarks, brownout.Static, "연결 상한의 이 비율부터 3단계(0: 쓰지 않음)", "part of the room for connections at which step 3 is wanted; 0: never"),
	mark("brownout.wait_aged_ms", "ms", 5000, waitMarks, brownout.Aged, "허가를 이만큼 기다리면 1단계(0: 쓰지 않음)", "wait for a permit at which step 1 is wanted; 0: never"),
	mark("brownout.reads_aged", "", 1, readMarks, brownout.Aged, "P2·P3를 이 비율로 돌려보내면 1단계(0: 쓰지 않음)", "part of P2 and P3 turned away at which step 1 is wanted; 0: never"),
	mark("brownout.reads_lean", "", 1, readMarks, brownout.Lean, "P2·P3를 이 비율로 돌려보내면 2단계(0: 쓰지 않음)", "part of P2 and P3 turned away at which step 2 is wanted; 0: never"),
	mark("brownout.writes_essential", "", 1, writeMarks, brownout.Essential, "P0·P1을 이 비율로 돌려보내면 4단계(0: 쓰지 않음)", "part of P0 and P1 turned away at which step 4 is wanted; 0: never"),
}

func wait(name string, class shed.Class, ko, en string) Parameter {
	return span(name, time.Millisecond, 0, 10000, func(c *Config) *time.Duration { return &c.Gate.Wait[class] }, ko, en)
}

func share(name string, class shed.Class, ko, en string) Parameter {
	return count(name, "permits", 0, 1024, func(c *Config) *int { return &c.Gate.Share[class] }, ko, en)
}

func lagMarks(c *Config) *brownout.Marks        { return &c.Brownout.LagMS }
func memoryMarks(c *Config) *brownout.Marks     { return &c.Brownout.Memory }
func connectionMarks(c *Config) *brownout.Marks { return &c.Brownout.Connections }
func waitMarks(c *Config) *brownout.Marks       { return &c.Brownout.WaitMS }
func readMarks(c *Config) *brownout.Marks       { return &c.Brownout.ShedReads }
func writeMarks(c *Config) *brownout.Marks      { return &c.Brownout.ShedWrites }

// mark is the value of a signal at which a step is wanted; 0: never.
func mark(name, unit string, to float64, of func(*Config) *brownout.Marks, step brownout.Step, ko, en string) Parameter {
	return number(name, unit, 0, to, func(c *Config) *float64 { return &of(c)[step] }, ko, en)
}

var byName = func() map[string]*Parameter {
	all := map[string]*Parameter{}
	for i := range Parameters {
		all[Parameters[i].Name] = &Parameters[i]
	}
	return all
}()

// ParameterOf returns the parameter of a name, nil where there is none.
func ParameterOf(name string) *Parameter { return byName[name] }

// check finds what does not go together.
func (c *Config) check() error {
	l := &c.Gate.Limit
	switch {
	case l.Min > l.Start || l.Start > l.Max:
		return refuse(OutOfBounds, fmt.Sprintf("limit.min ≤ limit.start ≤ limit.max이어야 합니다. 지금 값으로는 %d, %d, %d입니다.", l.Min, l.Start, l.Max),
			fmt.Sprintf("limit.min ≤ limit.start ≤ limit.max must hold; they would be %d, %d and %d.", l.Min, l.Start, l.Max))
	case l.QueueTarget > l.Ceiling:
		return refuse(OutOfBounds, "limit.queue_target_ms는 limit.ceiling_ms보다 클 수 없습니다.", "limit.queue_target_ms must not be above limit.ceiling_ms.")
	}
	return nil
}
