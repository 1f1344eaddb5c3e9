package pages

import "strings"

// field is one labelled input as the template shows it.
type field struct {
	ID, Label, Hint, Error, Value string
	Type, Autocomplete, Mode      string
	Max                           int
	// What the page's script says by itself: when nothing stands in the field, and when its digits are not of this pattern.
	Empty, Digits, Wrong string
	If                   string // the box that must be ticked for the field to count
	Required             bool
}

// Described lists what a screen reader reads with the input: the error first, then the help.
func (f field) Described() string { return described(f.ID, f.Hint, f.Error) }

func described(id, hint, problem string) string {
	var ids []string
	if problem != "" {
		ids = append(ids, id+"-error")
	}
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	return strings.Join(ids, " ")
}

// numberField is the pair of boxes for the registration number. It has no value: the number is never given back.
type numberField struct {
	Hint, Error string
}

// Described lists what a screen reader reads with the boxes.
func (f numberField) Described() string { return described("rrn", f.Hint, f.Error) }

// formError is one line of the summary above a form, linked to its field where it has one.
type formError struct {
	ID   string // of the input
	Text string
	Link *link
}

type link struct{ Href, Text string }

// listErrors lists the fields that need attention in the order of the form.
func listErrors(fields []field, number numberField, numberAt int) []formError {
	var list []formError
	add := func(id, problem string) {
		if problem != "" {
			list = append(list, formError{ID: id, Text: problem})
		}
	}
	for i, f := range fields {
		if i == numberAt {
			add("rrn1", number.Error)
		}
		add(f.ID, f.Error)
	}
	return list
}

// phoneDigits are the digits of a Korean number, with or without the country's code; the server reads them by parsePhone.
const phoneDigits = "0[0-9]{8,10}|82[0-9]{8,11}"

func nameField(lang, value string) field {
	return field{
		ID: "name", Label: text(lang, "name.label"), Hint: text(lang, "name.hint"), Value: value,
		Type: "text", Autocomplete: "name", Max: maxName, Required: true, Empty: text(lang, "name.error"),
	}
}

func phoneField(lang, value string) field {
	return field{
		ID: "phone", Label: text(lang, "phone.label"), Hint: text(lang, "phone.hint"), Value: value,
		Type: "tel", Autocomplete: "tel", Mode: "tel", Max: maxPhone, Required: true,
		Empty: text(lang, "phone.error"), Digits: phoneDigits, Wrong: text(lang, "phone.error"),
	}
}

func bookingNoField(lang, value string) field {
	return field{
		ID: "no", Label: text(lang, "lookup.no"), Hint: text(lang, "lookup.no.hint"), Value: value,
		Type: "text", Autocomplete: "off", Max: maxNo, Required: true, Empty: text(lang, "lookup.no.error"),
	}
}

// The proxy's fields are not required in the browser: they count only when the box above them is ticked.
func proxyFields(lang string, in bookInput) (name, phone, relation field) {
	name = field{
		ID: "proxy-name", Label: text(lang, "proxy.name"), Value: in.ProxyName,
		Type: "text", Autocomplete: "off", Max: maxName, Error: in.Errors["proxy-name"], Empty: text(lang, "proxy.name.error"), If: "proxy",
	}
	phone = field{
		ID: "proxy-phone", Label: text(lang, "proxy.phone"), Value: in.ProxyPhone,
		Type: "tel", Autocomplete: "off", Mode: "tel", Max: maxPhone, Error: in.Errors["proxy-phone"],
		Empty: text(lang, "phone.error"), Digits: phoneDigits, Wrong: text(lang, "phone.error"), If: "proxy",
	}
	relation = field{
		ID: "proxy-relation", Label: text(lang, "proxy.relation"), Hint: text(lang, "proxy.relation.hint"),
		Value: in.ProxyRelation, Type: "text", Autocomplete: "off", Max: maxRelation, Error: in.Errors["proxy-relation"],
		Empty: text(lang, "proxy.relation.err"), If: "proxy",
	}
	return name, phone, relation
}
