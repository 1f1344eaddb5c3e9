package result

import (
	"fmt"
	"math"
	"strconv"
)

// What has to be shown, clause by clause.

// wantedRatio is the least share of C at a point of the curve.
func wantedRatio(point float64) (float64, bool) {
	switch {
	case point >= 10:
		return 0.95, true
	case point >= 2:
		return 0.97, true
	}
	return 0, false
}

func curveLines(r *Result) (lines []Line) {
	e := r.Experiment("curve")
	if e == nil {
		return nil
	}
	for _, k := range e.keys(ours) {
		at := fmt.Sprintf("%g", k.Point)
		if least, ok := wantedRatio(k.Point); ok {
			lines = append(lines, e.judge(Line{Clause: 1, Name: "goodput_at_" + at, Ko: "C의 " + at + "배에서 유효 처리량", En: "goodput at " + at + " × C, share of C"}, k, "ratio", atLeast(least)))
		}
		lines = append(lines,
			e.judge(Line{Clause: 1, Name: "p0_at_" + at, Ko: "C의 " + at + "배에서 P0 성공", En: "P0 kept at " + at + " × C"}, k, "p0_ok", atLeast(leastP0)),
			e.judge(Line{Clause: 1, Name: "p1_at_" + at, Ko: "C의 " + at + "배에서 P1 성공", En: "P1 kept at " + at + " × C"}, k, "p1_ok", atLeast(leastP1)),
			e.judgeWorst(Line{Clause: 1, Name: "inversions_at_" + at, Ko: "C의 " + at + "배에서 우선순위 역전", En: "priority inversions at " + at + " × C", Invariant: true}, k, "inversions", atMost(0)))
	}
	return append(append(lines, e.ahead()...), e.priority()...)
}

// Overloaded is the multiple of C from which on classes have to give way.
const Overloaded = 1.2

// priority holds what each peer does for P0 and P1, point by point: none may do it as well as it is wanted of ours.
func (e *Experiment) priority() (lines []Line) {
	for d := range e.duels() {
		if d.Point < Overloaded {
			continue
		}
		p0, p1 := d.theirs.Values["p0_ok"].Median, d.theirs.Values["p1_ok"].Median
		lines = append(lines, Line{Clause: 1, Name: "priority_of_" + d.peer + "_at_" + d.at,
			Ko: "C의 " + d.at + "배에서 " + d.peer + "의 P0·P1 성공 가운데 낮은 쪽", En: "P0 or P1 kept by " + d.peer + " at " + d.at + " × C, the lesser: not as good as ours",
			Value: min(p0, p1), Wanted: "not kept", OK: p0 < leastP0 || p1 < leastP1 || d.theirs.Values["inversions"].Max > 0})
	}
	return lines
}

// leastP0 and leastP1 are the shares of their requests that count as kept.
const leastP0, leastP1 = 0.999, 0.99

// ahead holds each peer's goodput against ours, point by point: none may be ahead by more than the spread of the two.
func (e *Experiment) ahead() (lines []Line) {
	for d := range e.duels() {
		l := Line{Clause: 1, Name: "ahead_of_" + d.peer + "_at_" + d.at, Ko: "C의 " + d.at + "배에서 " + d.peer + "보다 뒤처진 정도", En: "how far " + d.peer + " is ahead at " + d.at + " × C, shares of C"}
		lines = append(lines, d.judge(l, func(l *Line) {
			mine, theirs, spread := d.figure("ratio")
			want := atMost(spread)
			l.Value, l.Wanted = theirs-mine, want.String()
			l.OK = want.holds(l.Value)
		}))
	}
	return lines
}

// noise is what arrivals alone make two measurements of the same differ by, as a share of C: some ten requests in thousands.
const noise = 0.005

func spikeLines(r *Result) (lines []Line) {
	e := r.Experiment("spike")
	if e == nil {
		return nil
	}
	for _, k := range e.keys(ours) {
		lines = append(lines,
			e.judge(Line{Clause: 2, Name: "spike_p0_" + k.Variant, Ko: "12배 조회 급증 중 P0 성공", En: "P0 kept while P3 is 12 times as much: " + k.Variant}, k, "p0_ok", atLeast(leastP0)),
			e.judge(Line{Clause: 2, Name: "spike_p1_" + k.Variant, Ko: "12배 조회 급증 중 P1 성공", En: "P1 kept while P3 is 12 times as much: " + k.Variant}, k, "p1_ok", atLeast(leastP1)))
	}
	return lines
}

func stepLines(r *Result) (lines []Line) {
	e := r.Experiment("step")
	if e == nil {
		return nil
	}
	for _, k := range e.keys(ours) {
		lines = append(lines, e.judge(Line{Clause: 3, Name: k.Variant + "_recover", Ko: "변화 뒤 유효 처리량 95% 회복", En: "95 % of steady goodput after: " + k.Variant, Unit: "ms"}, k, "recover_ms", atMost(500)))
		if k.Variant != "step" {
			lines = append(lines, e.judge(Line{Clause: 3, Name: k.Variant + "_follow", Ko: "한도가 따라오는 시간", En: "the limit is where it belongs after: " + k.Variant, Unit: "ms"}, k, "follow_ms", atMost(2000)))
		}
	}
	return lines
}

// nearBest is how near the best a journey's share must come.
const nearBest = 0.8

func journeyLines(r *Result) (lines []Line) {
	e := r.Experiment("journeys")
	if e == nil {
		return nil
	}
	for _, k := range e.keys(ours) {
		at := fmt.Sprintf("%g", k.Point)
		lines = append(lines, e.judge(Line{Clause: 0, Name: "journeys_of_" + k.Variant + "_at_" + at, Ko: "C의 " + at + "배에서 호출 " + k.Variant + "번의 여정 완료 비율",
			En: "journeys of " + k.Variant + " calls completed at " + at + " × C"}, k, "completed", atLeast(nearBest/k.Point)))
	}
	return append(lines, e.fewerJourneys()...)
}

// Longest is how many calls the longest journeys have; a journey's variant is its calls.
const Longest = 4

// fewerJourneys holds what each peer does for those who have begun, which is the other half of priority: at each point it may
// complete fewer of the longest journeys only, by more than the spread of the two.
func (e *Experiment) fewerJourneys() (lines []Line) {
	for d := range e.duels() {
		if d.Variant != strconv.Itoa(Longest) {
			continue
		}
		l := Line{Clause: 1, Name: "journeys_of_" + d.peer + "_at_" + d.at, Ko: "C의 " + d.at + "배에서 " + d.peer + "의 여정 완료 비율: 대문보다 낮아야 함",
			En: "journeys of " + d.Variant + " calls that " + d.peer + " completes at " + d.at + " × C: fewer than ours"}
		lines = append(lines, d.judge(l, func(l *Line) {
			mine, theirs, spread := d.figure("completed")
			l.Value, l.Wanted, l.OK = theirs, fmt.Sprintf("< %.4g", mine-spread), theirs < mine-spread
		}))
	}
	return lines
}

// soon is within how many milliseconds a site has to be back.
const soon = 5000

func metaLines(r *Result) (lines []Line) {
	e := r.Experiment("metastability")
	if e == nil {
		return nil
	}
	region := 0
	back := Line{Clause: 4, Name: "back_soon", Ko: "방아쇠가 끝난 뒤 대문이 있을 때의 회복", En: "with the gateway, back after the trigger's end, the worst trigger", Unit: "ms", Wanted: atMost(soon).String()}
	tries := Line{Clause: 4, Name: "attempts", Ko: "요청 하나당 시도", En: "attempts per request with the gateway, the worst trigger", Wanted: atMost(1.1).String()}
	for _, k := range e.keys(ours) {
		with, without := e.Find(k), e.Find(Key{System: "none", Variant: k.Variant, Point: k.Point})
		if with == nil {
			back.Unknown, tries.Unknown = "no valid measurement", "no valid measurement"
			continue
		}
		back.Value = math.Max(back.Value, with.Values["recover_ms"].Median)
		tries.Value = math.Max(tries.Value, with.Values["attempts_per_original"].Median)
		if without != nil && without.Values["down"].Median == 1 && with.Values["recover_ms"].Median <= soon {
			region++
		}
	}
	back.OK, tries.OK = atMost(soon).holds(back.Value), atMost(1.1).holds(tries.Value)
	want := atLeast(1)
	return append(lines, Line{Clause: 4, Name: "region", Ko: "대문 없이는 멈춰 있고 대문이 있으면 회복하는 방아쇠", En: "triggers after which the site stays down without the gateway and is back within 5 s with it",
		Value: float64(region), Wanted: want.String(), OK: want.holds(float64(region))}, back, tries)
}

func ablationLines(r *Result) (lines []Line) {
	e := r.Experiment("ablation")
	if e == nil {
		return nil
	}
	for _, l := range e.ahead() {
		l.Name = "ablation_" + l.Name
		lines = append(lines, l)
	}
	for _, k := range e.keys(ours) {
		at := fmt.Sprintf("%g", k.Point)
		lines = append(lines, e.judgeWorst(Line{Clause: 1, Name: "ablation_inversions_at_" + at, Ko: "C의 " + at + "배에서 우선순위 역전", En: "priority inversions at " + at + " × C", Invariant: true}, k, "inversions", atMost(0)))
	}
	return lines
}

func shedLines(r *Result) []Line {
	e := r.Experiment("shed")
	if e == nil {
		return nil
	}
	var lines []Line
	for _, k := range e.keys(ours) {
		lines = append(lines, e.judge(Line{Clause: 5, Name: "shed_p99", Ko: "C의 33배에서 503의 p99", En: "p99 of a 503 at 33 × C, from the sending", Unit: "ms"}, k, "shed_p99_ms", atMost(5)))
	}
	return lines
}

// than is the peer that ours has to be ahead of.
const than = "caddy"

func proxyLines(r *Result) (lines []Line) {
	e := r.Experiment("proxy")
	if e == nil {
		return nil
	}
	compare := func(name, ko, en, variant, figure, unit string, more bool) {
		l := Line{Clause: 6, Name: name, Ko: ko, En: en, Unit: unit}
		mine, theirs := e.Find(Key{System: ours, Variant: variant}), e.Find(Key{System: than, Variant: variant})
		if mine == nil || theirs == nil {
			l.Unknown = "no valid measurement of both"
		} else {
			want := bound{theirs.Values[figure].Median, !more}
			l.Value, l.Wanted = mine.Values[figure].Median, want.String()
			l.OK = want.holds(l.Value)
		}
		lines = append(lines, l)
	}
	compare("proxy_throughput", "통과 처리량, Caddy와 비교", "requests let through a second, against Caddy", "full", "goodput", "1/s", true)
	for _, v := range []string{"calm", "busy"} {
		compare("proxy_p50_"+v, "더해진 p50, Caddy와 비교", "added p50, against Caddy, "+v, v, "added_p50_ms", "ms", false)
		compare("proxy_p99_"+v, "더해진 p99, Caddy와 비교", "added p99, against Caddy, "+v, v, "added_p99_ms", "ms", false)
	}
	return lines
}
