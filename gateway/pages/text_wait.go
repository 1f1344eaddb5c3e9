package pages

var waitText = map[string][2]string{
	"wait.title.lobby":   {"대기실에 들어오셨습니다", "You are in the waiting room"},
	"wait.title.waiting": {"순서를 기다리고 있습니다", "You are in the queue"},
	"wait.title.turn":    {"차례가 되었습니다. 입장하세요", "It is your turn. Please enter"},
	"wait.title.paused":  {"예약을 잠시 멈췄습니다", "Booking is paused"},
	"wait.title.closed":  {"예약이 마감되었습니다", "Booking has closed"},

	"wait.title.postponed": {"예약 시작이 미루어졌습니다", "The start has been postponed"},
	"wait.title.exhausted": {"물량이 모두 소진되었습니다", "All doses are taken"},

	"wait.until":     {"예약 시작까지", "Booking starts in"},
	"wait.ahead":     {"내 앞에 기다리는 사람", "People ahead of you"},
	"wait.people":    {"명", ""},
	"doses":          {"회분", " doses"},
	"wait.place":     {"내 순번", "Your place"},
	"wait.nth":       {"번째", ""},
	"wait.wait":      {"예상 대기 시간", "Expected wait"},
	"wait.unknown":   {"확인 중", "not known yet"},
	"wait.enter":     {"입장하기", "Enter"},
	"wait.turn":      {"서두르지 않으셔도 됩니다. 예약 마감 전이면 언제든 입장할 수 있습니다.", "No need to hurry: you can enter any time until booking closes."},
	"wait.paused":    {"순번은 그대로 유지됩니다. 다시 시작하면 이 순서대로 이어서 안내합니다. 창을 닫아도 괜찮습니다.", "Your place is kept. When booking goes on, the order stays as it is. You may close this page."},
	"wait.postponed": {"순번은 그대로 유지됩니다. 창을 닫았다가 새 시작 시각에 다시 여셔도 됩니다.", "Your place is kept. You may close this page and open it again at the new time."},
	"wait.exhausted": {"준비된 물량이 모두 예약되어 이번 예약을 마칩니다. 더 기다리지 않으셔도 됩니다. 취소되거나 남는 백신은 ‘잔여백신’에서 알림을 신청하실 수 있습니다.", "All doses of this opening are booked, so it ends here. There is nothing more to wait for. Under “Leftover doses” you can ask to be told when one comes back."},
	"wait.closed":    {"더 기다리지 않으셔도 됩니다. 다음 예약 일정은 처음 화면에서 확인하세요.", "There is nothing more to wait for. Coming openings are shown on the start page."},

	"wait.order.draw":    {"예약 시작 시각에 대기실에 계신 분들의 순서를 추첨으로 정합니다. 일찍 들어오거나 새로고침해도 달라지지 않습니다.", "At opening time a draw settles the order of everybody in the waiting room. Coming earlier or reloading makes no difference."},
	"wait.order.arrival": {"대기실에 들어온 순서대로 안내합니다. 새로고침해도 순서는 그대로입니다.", "People are called in the order in which they came to the waiting room. Reloading does not change it."},

	"wait.out.scarce": {"남은 물량이 내 앞에 있는 사람보다 적습니다. 기다려도 예약하지 못할 수 있습니다.", "There are fewer doses left than people ahead of you. You may not get one."},
	"wait.out.gone":   {"이번 물량이 모두 예약되었습니다. 더 기다리지 않으셔도 됩니다. 취소되는 백신은 첫 화면의 잔여백신에서 알림을 신청하신 분께 안내합니다.", "All doses of this opening are taken. You need not wait. Doses that are cancelled are offered to people who ask under Leftover doses on the start page."},

	"wait.plain":      {"순번은 그대로 보관되어 있습니다. 새로고침하거나 다시 들어와도 바뀌지 않습니다.", "Your place is kept. Reloading or coming back does not change it."},
	"wait.plain.turn": {"접속이 매우 많아 지금은 내 순번과 예상 시간을 보여 드리지 못합니다. 차례가 되면 이 화면에서 입장하실 수 있습니다.", "So many people are here that your place in numbers cannot be shown just now. When your turn has come, you can enter here."},

	"wait.checked": {"마지막 확인", "Last checked"},
	"wait.every":   {"%d초마다 자동으로 확인합니다.", "Checked automatically every %d s."},
	"wait.again":   {"지금 확인", "Check now"},
	"wait.still":   {"이 화면은 저절로 바뀌지 않습니다.", "This page does not change by itself."},
	"wait.moves":   {"%d초마다 이 화면을 새로 엽니다.", "This page reloads every %d s."},
	"wait.move":    {"자동 새로고침 켜기", "Reload by itself"},
	"wait.stop":    {"자동 새로고침 끄기", "Stop reloading"},
	"wait.trouble": {"연결이 잠시 끊겼습니다. 순번은 그대로입니다. 곧 다시 확인합니다.", "The connection is interrupted. Your place is kept. We will try again shortly."},

	"wait.know":   {"알아두세요", "Good to know"},
	"wait.know.1": {"창을 닫거나 휴대전화를 잠가도 순번은 유지됩니다. 같은 브라우저로 다시 열면 이어집니다.", "Your place is kept when you close this page or lock your phone. Open it again in the same browser."},
	"wait.know.2": {"여러 창이나 기기로 접속해도 빨라지지 않습니다.", "More windows or devices do not make it faster."},
	"wait.know.3": {"차례를 놓쳐도 예약 마감 전까지 입장할 수 있습니다.", "If you miss your turn you can still enter until booking closes."},
	"wait.code":   {"전화(1339)로 문의하실 때 알려 주실 순번 코드:", "Your short code, if you call 1339:"},
	"wait.know.4": {"대기 시간은 지금 속도로 어림한 범위입니다.", "The wait is a range estimated from the present pace."},

	"leave.summary": {"공용 컴퓨터를 쓰고 계신가요?", "Using a shared computer?"},
	"leave.warn":    {"이 브라우저에서 순번표를 지웁니다. 지운 뒤 다시 줄을 서면 뒤로 밀릴 수 있습니다.", "This removes your place from this browser. If you join again you may be further back."},
	"leave.button":  {"이 기기에서 내 정보 지우기", "Forget me on this device"},

	"words.minutes.range": {"약 %d~%d분", "about %d–%d min"},
	"words.minutes":       {"약 %d분", "about %d min"},
	"words.within":        {"%d분 이내", "within %d min"},
	"words.hours":         {"약 %h~%h", "about %h to %h"},
	"words.hours.one":     {"약 %h", "about %h"},
	"words.hours.within":  {"%h 이내", "within %h"},
	"words.h":             {"%d시간", "%d h"},
	"words.hm":            {"%d시간 %d분", "%d h %d min"},
	"words.m":             {"%d분", "%d min"},
}
