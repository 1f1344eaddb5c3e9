package pages

import "strings"

// field is one labelled input as the template shows it.
type field struct {
	ID, Label, Hint, Error, Value string
	Type, Autocomplete, Mode      string
	Max                           int
	Required, Focus               bool
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
	Focus       bool
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

// focusFirst puts the cursor into the first field that needs attention and lists all of them in the order of the form.
func focusFirst(fields []*field, number *numberField, numberAt int) []formError {
	var list []formError
	add := func(id, problem string, focus *bool) {
		if problem != "" {
			*focus = len(list) == 0
			list = append(list, formError{ID: id, Text: problem})
		}
	}
	for i, f := range fields {
		if i == numberAt {
			add("rrn1", number.Error, &number.Focus)
		}
		add(f.ID, f.Error, &f.Focus)
	}
	return list
}

func nameField(lang, value string) field {
	return field{
		ID: "name", Label: text(lang, "name.label"), Hint: text(lang, "name.hint"), Value: value,
		Type: "text", Autocomplete: "name", Max: maxName, Required: true,
	}
}

func phoneField(lang, value string) field {
	return field{
		ID: "phone", Label: text(lang, "phone.label"), Hint: text(lang, "phone.hint"), Value: value,
		Type: "tel", Autocomplete: "tel", Mode: "tel", Max: maxPhone, Required: true,
	}
}

func bookingNoField(lang, value string) field {
	return field{
		ID: "no", Label: text(lang, "lookup.no"), Hint: text(lang, "lookup.no.hint"), Value: value,
		Type: "text", Autocomplete: "off", Max: maxNo, Required: true,
	}
}

// The proxy's fields are not required in the browser: they count only when the box above them is ticked.
func proxyFields(lang string, in bookInput) (name, phone, relation field) {
	name = field{
		ID: "proxy-name", Label: text(lang, "proxy.name"), Value: in.ProxyName,
		Type: "text", Autocomplete: "off", Max: maxName, Error: in.Errors["proxy-name"],
	}
	phone = field{
		ID: "proxy-phone", Label: text(lang, "proxy.phone"), Value: in.ProxyPhone,
		Type: "tel", Autocomplete: "off", Mode: "tel", Max: maxPhone, Error: in.Errors["proxy-phone"],
	}
	relation = field{
		ID: "proxy-relation", Label: text(lang, "proxy.relation"), Hint: text(lang, "proxy.relation.hint"),
		Value: in.ProxyRelation, Type: "text", Autocomplete: "off", Max: maxRelation, Error: in.Errors["proxy-relation"],
	}
	return name, phone, relation
}
