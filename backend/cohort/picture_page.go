package cohort

// fonts name what a computer in Korea has, the public administration's first.
const fonts = `'Pretendard GOV',Pretendard,'Noto Sans KR','Noto Sans CJK KR','Malgun Gothic','Apple SD Gothic Neo',NanumGothic,sans-serif`

// The style. Booking is dark and plain, lobby light and hatched, so that they differ on black-and-white paper too.
const style = `text{font-family:` + fonts + `;font-size:11px;fill:#1e2124}
.title{font-size:20px;font-weight:700}
.about{font-size:11px;fill:#464c53}
.name{font-size:12px;font-weight:700}
.born{font-size:10px;fill:#464c53}
.day,.weekday{text-anchor:middle}
.weekday{font-size:10px;fill:#464c53}
.grid{stroke:#d8dce2;stroke-width:.7}
.edge{stroke:#8a949e;stroke-width:.8}
.weekend{fill:#f4f5f6}
.rest{fill:#e6e8ea}
.lobby{fill:url(#hatch);stroke:#9e6a00;stroke-width:.8}
.open{fill:#0b50d0}
.number{fill:#fff;font-weight:700;text-anchor:middle}
.from{font-size:10px}
.to{font-size:10px;text-anchor:end}
.figure{text-anchor:end}
.head{font-weight:700;fill:#464c53}
`

// begin writes all that comes before the days. On paper the picture takes one page, upright or across, whichever
// leaves it larger.
func (d *drawing) begin(height float64) {
	page, w, h := "landscape", 277, 190 // mm, of A4 within 10 mm
	if height > pageWidth {
		page, w, h = "portrait", 190, 277
	}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="title about" xml:lang="%s">`,
		pageWidth, height, pageWidth, height, d.say.lang)
	d.add(`<title id="title">%s</title>`, escaped(d.say.title(d.schedule)))
	d.add(`<desc id="about">%s</desc>`, escaped(d.say.about))
	d.add("<style>\n%s@page{size:A4 %s;margin:10mm}\n@media print{svg{width:%dmm;height:%dmm}}\n</style>", style, page, w, h)
	d.add(`<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
		`<rect width="5" height="5" fill="#fff3cc"/><rect width="2" height="5" fill="#e0a100"/></pattern></defs>`)
	d.add(`<rect width="%.0f" height="%.0f" fill="#ffffff"/>`, pageWidth, height)
	d.text("title", margin, 34, fit(d.say.title(d.schedule), 90))
	d.text("about", margin, 54, d.say.about)
}

func (d *drawing) legend(y float64) {
	x := margin
	for _, key := range []struct {
		class, text string
	}{{"lobby", d.say.lobby}, {"open", d.say.booking}, {"rest", d.say.quiet}} {
		d.rect(key.class, x, y-11, 24, 13, "")
		d.text("key", x+31, y, key.text)
		x += 31 + 7*float64(columns(key.text)) + 24
	}
}
