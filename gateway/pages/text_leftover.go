package pages

var leftoverText = map[string][2]string{
	"leftover.title":        {"잔여백신", "Leftover doses"},
	"leftover.lead":         {"예약이 끝난 뒤 취소되거나 쓰이지 않은 백신을 바로 안내해 드립니다. 먼저 신청하신 분부터 문자로 알려 드리고, 그 가운데 먼저 예약하신 분이 접종합니다.", "Doses that are cancelled or left unused after booking has ended are offered at once. People are told by text message in the order in which they asked; whoever of them books first has the dose."},
	"leftover.now":          {"%s의 잔여백신", "Leftover doses in %s"},
	"leftover.doses":        {"%s명분 · 가장 빠른 일시 %s", "%s doses · first at %s"},
	"leftover.none":         {"지금은 남은 백신이 없습니다. 아래에서 알림을 신청하시면 생기는 대로 알려 드립니다.", "There are none at the moment. Ask below and we will tell you when there are."},
	"leftover.rrn":          {"예약 대상자인지, 이미 예약하지 않으셨는지 확인하는 데에만 씁니다.", "Used only to check that you are eligible and have no booking yet."},
	"leftover.region.error": {"지역을 골라 주세요.", "Please choose a region."},
	"nav.leftover":          {"잔여백신", "Leftover doses"},
	"leftover.again":        {"잔여백신 다시 보기", "Back to leftover doses"},

	"wish.title":   {"잔여백신 알림 신청", "Ask to be told"},
	"wish.text":    {"고르신 지역의 의료기관에 백신이 남으면 문자로 알려 드립니다.", "When a clinic in the region you choose has a dose, we send you a text message."},
	"wish.promise": {"성명과 휴대폰번호는 암호화하여 보관하며 알림에만 씁니다.", "Your name and number are kept encrypted and used for this only."},
	"wish.submit":  {"알림 신청", "Ask to be told"},

	"wished.title":   {"잔여백신 알림을 신청했습니다", "You will be told"},
	"wished.text":    {"%s에 백신이 남으면 %s 번호로 문자를 보내 드립니다.", "When there is a dose in %s we send a text message to %s."},
	"wished.1":       {"문자의 주소를 눌러 15분 안에 예약해 주세요. 안내를 함께 받은 분 가운데 먼저 예약하신 분이 접종합니다.", "Open the link in the message and book within 15 minutes. Whoever of those told books first has the dose."},
	"wished.2":       {"한 번 놓치셔도 신청은 그대로 남아 있습니다.", "If you miss one, you stay on the list."},
	"wished.3":       {"다시 신청하셔도 처음 신청하신 순서는 그대로입니다.", "Asking again keeps your first place in the order."},
	"unwish.text":    {"알림이 더 필요 없으면 신청을 끝내 주세요.", "If you no longer want to be told, please say so."},
	"unwish.submit":  {"알림 신청 끝내기", "Stop telling me"},
	"unwished.title": {"알림 신청을 끝냈습니다", "You will not be told any more"},
	"unwished.text":  {"더 이상 잔여백신 문자를 보내지 않습니다.", "We send you no more messages about leftover doses."},

	"offer.title":  {"잔여백신 예약", "Book a leftover dose"},
	"offer.open":   {"%s까지 예약하실 수 있습니다. 안내를 함께 받은 분 가운데 먼저 예약하신 분이 접종합니다.", "You can book it until %s. Whoever of those told books first has the dose."},
	"offer.submit": {"이 백신을 예약합니다", "Book this dose"},
	"offer.taken":  {"이 백신을 이미 예약하셨습니다.", "You have booked this dose."},
	"offer.gone":   {"다른 분이 먼저 예약하셨습니다.", "Somebody else was faster."},
	"offer.over":   {"예약할 수 있는 시간이 지났습니다.", "The time to book it is over."},
	"offer.stays":  {"알림 신청은 그대로 남아 있으니 다음에 다시 알려 드립니다.", "You stay on the list and will be told again."},
}
