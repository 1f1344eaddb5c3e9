package pages

import "maps"

// Languages. Korean is what everybody gets who has not chosen.
const (
	Korean  = "ko"
	English = "en"
)

// catalog holds every sentence of the pages in both languages, Korean first. A value that takes arguments is a
// fmt format.
var catalog = merge(siteText, waitText, drawText, leftoverText, bookingText, identityText, problemText)

func merge(parts ...map[string][2]string) map[string][2]string {
	all := map[string][2]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// text returns a sentence, or "" when there is none of that name.
func text(lang, key string) string {
	if lang == English {
		return catalog[key][1]
	}
	return catalog[key][0]
}

// either picks one of two sentences by language; the Korean one stands in for a missing English one, and the other
// way round.
func either(lang, ko, en string) string {
	if ko == "" || lang == English && en != "" {
		return en
	}
	return ko
}

var siteText = map[string][2]string{
	"lang":         {"ko", "en"},
	"other.lang":   {"en", "ko"},
	"other.name":   {"English", "한국어"},
	"skip":         {"본문 바로가기", "Skip to content"},
	"site.gate":    {"대문", "Daemun"},
	"site.service": {"코로나19 예방접종 사전예약", "COVID-19 vaccination booking"},
	"site.demo":    {"시연용 화면이며, 정부 공식 누리집이 아닙니다.", "A demonstration, not an official government website."},
	"nav.label":    {"주요 메뉴", "Main menu"},
	"nav.lookup":   {"예약 조회·변경·취소", "Find, change or cancel"},
	"foot.help":    {"도움이 필요하면 전화하세요.", "Need help? Call"},
	"foot.site":    {"대문(Daemun) 시연 누리집", "Daemun demonstration site"},
	"foot.hours":   {"(질병관리청 콜센터, 24시간)", "(KDCA call centre, 24 hours)"},
	"foot.lean":    {"접속이 많아 지금은 화면을 간단히 보여 드립니다. 예약에 필요한 기능은 모두 그대로입니다.", "The site is busy, so pages are kept simple for now. Everything you need to book is there."},
	"foot.lane":    {"전화 상담은 이 누리집의 대기열과 따로 운영되어 접속이 몰려도 이용하실 수 있습니다.", "The call centre has its own lane: it works even while this site is busy."},
	"home":         {"처음으로", "Start page"},
	"notice":       {"알림", "Notice"},
	"reason":       {"사유", "Reason"},
	"prev":         {"이전", "Previous"},
	"next":         {"다음", "Next"},
	"page.of":      {"%s쪽 / 모두 %s쪽", "page %s of %s"},
	"as.of":        {"%s 기준", "As of %s"},

	"steps.label":  {"예약 단계", "Steps"},
	"step.1":       {"1단계", "Step 1"},
	"step.2":       {"2단계", "Step 2"},
	"step.1.name":  {"예약정보 입력", "Your details"},
	"step.2.name":  {"예약완료 안내", "Confirmation"},
	"step.was":     {"마침", "done"},
	"part.check":   {"대상 확인", "Eligibility"},
	"part.wait":    {"순서 대기", "Waiting"},
	"part.clinic":  {"의료기관과 일시 선택", "Clinic and time"},
	"part.details": {"예약자 정보 입력", "Personal details"},
	"error.prefix": {"오류: ", "Error: "},
	"errors.title": {"확인이 필요한 곳이 있습니다", "Please check the following"},

	"landing.title":         {"코로나19 예방접종 사전예약", "Book a COVID-19 vaccination"},
	"landing.lead":          {"주민(외국인)등록번호만 있으면 예약할 수 있습니다. 로그인이나 앱 설치는 필요 없습니다.", "All you need is your resident or foreigner registration number. No account, no app."},
	"landing.ticket":        {"이 브라우저에 순번표가 있습니다.", "This browser holds a place in the queue."},
	"landing.ticket.link":   {"내 순번 보기", "See my place"},
	"landing.who":           {"대상", "For"},
	"landing.cohort.paused": {"잠시 멈춤", "paused"},
	"landing.go":            {"대상 확인하고 예약하기", "Check and book"},
	"landing.over":          {"끝난 예약 %d건 보기", "%d openings that are over"},
	"landing.opens":         {"예약 시작", "Opens"},
	"landing.closes":        {"예약 마감", "Closes"},
	"landing.vaccine":       {"백신", "Vaccine"},
	"landing.stock":         {"남은 물량", "Doses left"},
	"landing.none":          {"지금 예정된 예약이 없습니다.", "No opening is planned at the moment."},
	"landing.go.lobby":      {"대기실 들어가기", "Enter the waiting room"},
	"landing.go.open":       {"예약하기", "Book now"},
	"landing.go.paused":     {"줄 서기", "Join the queue"},
	"landing.how":           {"예약은 이렇게 진행됩니다", "How it works"},
	"landing.how.1":         {"등록번호로 대상 확인 → 순번 대기 → 접종받을 기관과 일시 선택", "Check that it is your turn to book → wait in the queue → choose a clinic and a time"},
	"landing.how.2":         {"예약번호 확인 · 접종 안내", "Your booking number and what to bring"},
	"landing.know":          {"알아두세요", "Good to know"},
	"landing.know.1":        {"한 사람에게 순번은 하나입니다. 여러 기기로 접속하거나 새로고침해도 빨라지지 않습니다.", "One person has one place. More devices or reloading do not make it better."},
	"landing.know.2":        {"예약 시작 전에 대기실에 들어온 분들의 순서는 시작 시각에 정해집니다. 미리 서두를 필요가 없습니다.", "The order of those in the waiting room is settled at opening time. There is no need to rush."},
	"landing.know.3":        {"모든 시각은 한국 시각이며 서버의 시계를 따릅니다.", "All times are Korea time, by the server's clock."},
	"landing.check":         {"내가 대상인지 확인하기", "Check whether I can book"},

	"state.scheduled": {"예정", "Planned"},
	"state.lobby":     {"대기실 열림", "Waiting room open"},
	"state.open":      {"예약 진행 중", "Open"},
	"state.paused":    {"잠시 멈춤", "Paused"},
	"state.closed":    {"마감", "Closed"},
	"state.postponed": {"시작 연기", "Postponed"},
	"state.exhausted": {"물량 소진", "No doses left"},

	"when.scheduled": {"대기실은 %s에 열립니다. %s 남았습니다.", "The waiting room opens on %s, in %s."},
	"when.lobby":     {"%s에 예약을 시작합니다. %s 남았습니다. 지금 대기실에 들어오실 수 있습니다.", "Booking starts on %s, in %s. You can enter the waiting room now."},
	"when.open":      {"%s까지 예약할 수 있습니다. %s 남았습니다.", "You can book until %s, for another %s."},
	"when.postponed": {"예약 시작이 %s로 미루어졌습니다. %s 남았습니다. 받아 두신 순번은 그대로 유지됩니다.", "The start has been moved to %s, in %s. Places already given are kept."},
	"when.exhausted": {"준비된 물량이 모두 예약되어 예약을 마쳤습니다.", "All doses are booked. This opening is over."},
	"when.paused":    {"예약을 잠시 멈췄습니다. 받아 두신 순번은 그대로 유지됩니다.", "Booking is paused. Places already given are kept."},
	"when.closed":    {"%s에 예약을 마감했습니다.", "Booking closed on %s."},

	"rrn.label":    {"주민(외국인)등록번호", "Resident or foreigner registration number"},
	"rrn.front":    {"앞 6자리", "First 6 digits"},
	"rrn.back":     {"뒤 7자리", "Last 7 digits"},
	"rrn.hint":     {"숫자만 입력하세요. 예: 670301 – 1234567. 앞 칸에 13자리를 한꺼번에 붙여 넣어도 됩니다.", "Digits only, for example 670301 – 1234567. You may also paste all 13 digits into the first box."},
	"rrn.empty":    {"주민(외국인)등록번호를 입력하세요.", "Please enter the registration number."},
	"rrn.thirteen": {"등록번호는 숫자 13자리입니다. 앞 6자리와 뒤 7자리를 확인해 주세요.", "The registration number has 13 digits. Please check the first 6 and the last 7."},
	"rrn.again":    {"개인정보 보호를 위해 등록번호는 다시 입력해 주세요.", "For your privacy please enter the registration number again."},

	"apply.title":       {"예약 대상 확인", "Check and join"},
	"apply.lead":        {"접종받을 분의 등록번호를 입력하세요. 대상이면 바로 순번을 드리고, 아니면 이유와 예약할 수 있는 날을 알려 드립니다.", "Enter the registration number of the person to be vaccinated. If it is their turn to book you get a place at once; if not, we say why and when."},
	"apply.privacy":     {"등록번호를 어떻게 쓰나요?", "What happens with the number?"},
	"apply.privacy.1":   {"예방접종 대상인지 확인하고 한 사람에게 한 순번만 드리는 데 씁니다.", "It is used to check eligibility and to give each person one place only."},
	"apply.privacy.2":   {"이 단계에서는 번호를 저장하지 않습니다. 되돌릴 수 없는 암호값으로 바꾼 뒤 버립니다.", "At this step the number is not stored: it is turned into a one-way code and dropped."},
	"apply.privacy.3":   {"예약할 때 한 번 더 입력하며, 그때는 암호화하여 보관합니다.", "You enter it once more when booking; it is then kept encrypted."},
	"apply.agree":       {"예약 대상 확인을 위한 등록번호 처리에 동의합니다. (필수)", "I agree to the processing of my registration number to check eligibility. (required)"},
	"apply.agree.error": {"동의해야 대상 확인을 할 수 있습니다. 확인란에 표시해 주세요.", "We can only check with your consent. Please tick the box."},
	"apply.submit":      {"확인하고 순번 받기", "Check and get a place"},

	"refused.later":     {"순번은 그때 받으실 수 있습니다. 지금 기다리실 필요는 없습니다.", "You can get a place then. There is no need to wait now."},
	"refused.opening":   {"해당 예약", "Your opening"},
	"refused.again":     {"다른 번호로 확인", "Check another number"},
	"refused.wrong":     {"사실과 다르다고 생각되면 1339로 문의해 주세요.", "If you think this is wrong, please call 1339."},
	"refused.title":     {"지금은 예약 대상이 아닙니다", "You cannot book at the moment"},
	"refused.not_yet":   {"아직 예약 시작 전입니다", "Your turn to book has not come yet"},
	"refused.closed":    {"예약이 마감되었습니다", "Your opening has closed"},
	"refused.no_roster": {"예약 대상자 명단에 없습니다", "Not on the list for this opening"},
	"refused.excluded":  {"이미 다른 일정의 접종 대상입니다", "You are covered by another appointment"},

	"until.days":  {"%d일 %d시간", "%d d %d h"},
	"until.day":   {"%d일", "%d d"},
	"until.hours": {"%d시간 %d분", "%d h %d min"},
	"until.hour":  {"%d시간", "%d h"},
	"until.min":   {"약 %d분", "about %d min"},
	"until.soon":  {"1분 이내", "less than a minute"},
	"unknown":     {"알 수 없음", "unknown"},
}
