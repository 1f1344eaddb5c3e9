package pages

var identityText = map[string][2]string{
	"part.identity":       {"본인인증", "Identity check"},
	"identity.title":      {"본인인증", "Show who you are"},
	"identity.lead":       {"이번 예약은 본인인증이 필요합니다. 아래에서 한 가지만 하시면 됩니다. 인증하는 동안에도 순서와 입장권, 골라 두신 일시는 그대로 유지됩니다.", "This opening asks you to show who you are. Any one of these ways will do. Meanwhile your turn, your pass and the time you chose are kept."},
	"identity.go":         {"%s 이용하기", "Continue with %s"},
	"identity.typed":      {"성명과 등록번호를 입력합니다.", "Asks for your name and registration number."},
	"identity.away":       {"인증기관의 화면으로 이동했다가 이 화면으로 돌아옵니다.", "Takes you to the provider's page and back."},
	"identity.down":       {"지금 응답하지 않습니다. 복구되는지 계속 확인하고 있습니다.", "Not answering at the moment. We keep checking."},
	"identity.others":     {"응답하지 않는 곳이 있습니다. 다른 방법으로 인증하시면 바로 예약할 수 있습니다.", "One of them is not answering. Choose another and you can book at once."},
	"identity.none":       {"지금은 쓸 수 있는 인증 방법이 없습니다. 순서는 그대로 유지되니 잠시 뒤에 다시 확인해 주세요. 급하시면 1339로 전화해 주세요.", "None of the ways works at the moment. Your turn is kept; please check again shortly, or call 1339."},
	"identity.again":      {"다시 확인", "Check again"},
	"identity.clinics":    {"의료기관 먼저 고르기", "Choose a clinic first"},
	"identity.rrn":        {"순번을 받을 때 입력한 번호를 한 번 더 입력합니다. 번호는 저장하지 않습니다.", "The number you joined the queue with, once more. It is not stored."},
	"identity.submit":     {"인증하기", "Continue"},
	"identity.back":       {"다른 방법 고르기", "Choose another way"},
	"identity.leaving":    {"인증기관으로 이동합니다", "On to the provider"},
	"identity.leaving.to": {"%s 화면으로 이동합니다. 인증을 마치면 이 누리집으로 돌아와 이어서 예약합니다.", "You are being taken to %s. When you are done there you come back here and go on booking."},
	"identity.leaving.go": {"인증기관으로 가기", "Go to the provider"},

	"problem.identity_required":      {"본인인증이 필요합니다", "Please show who you are"},
	"problem.identity_required.text": {"예약하기 전에 본인인증을 마쳐 주세요. 골라 두신 일시는 그대로 유지됩니다.", "Please do so before you book. The time you chose is kept."},
	"problem.no_such_provider.text":  {"이 예약에서 쓸 수 없는 인증 방법입니다. 목록에서 다시 골라 주세요.", "This opening does not take that way. Please choose one from the list."},
}
