package configs

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

var durationType = reflect.TypeFor[time.Duration]()

// assignTree sets target from a parsed file. The tree is walked here rather
// than by the TOML decoder, which stops at the first wrong type and has no
// notion of a duration.
func assignTree(target configuration, tree map[string]any, found *Problems) {
	assignTable(reflect.ValueOf(target).Elem(), tree, "", found)
}

func assignTable(v reflect.Value, raw any, path string, found *Problems) {
	table, ok := raw.(map[string]any)
	if !ok {
		found.add(path, "must be a table")
		return
	}
	fields := fieldsOf(v.Type())
	for _, name := range sortedNames(table) {
		index, known := fields[name]
		if !known {
			found.add(join(path, name), "unknown name") // closed by default
			continue
		}
		assign(v.Field(index), table[name], join(path, name), found)
	}
}

func assign(v reflect.Value, raw any, path string, found *Problems) {
	switch {
	case v.Kind() == reflect.Struct:
		assignTable(v, raw, path, found)
	case isTexts(v):
		assignTexts(v, raw, path, found)
	case v.Kind() == reflect.Map:
		assignNamedTables(v, raw, path, found)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		assignTableList(v, raw, path, found)
	case v.Kind() == reflect.Slice:
		assignStrings(v, raw, path, found)
	default:
		assignValue(v, raw, path, found)
	}
}

func assignNamedTables(v reflect.Value, raw any, path string, found *Problems) {
	table, ok := raw.(map[string]any)
	if !ok {
		found.add(path, "must be a table of tables")
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, name := range sortedNames(table) {
		element := reflect.New(v.Type().Elem()).Elem()
		assignTable(element, table[name], join(path, name), found)
		v.SetMapIndex(reflect.ValueOf(name), element)
	}
}

// isTexts reports whether v holds texts by names that are the hospital's to
// choose.
func isTexts(v reflect.Value) bool {
	return v.Kind() == reflect.Map && v.Type().Elem().Kind() == reflect.String
}

func assignTexts(v reflect.Value, raw any, path string, found *Problems) {
	table, ok := raw.(map[string]any)
	if !ok {
		found.add(path, "must be a table of strings")
		return
	}
	texts := make(map[string]string, len(table))
	for name, member := range table {
		text, ok := member.(string)
		if !ok {
			found.add(path, "must be a table of strings")
			return
		}
		texts[name] = text
	}
	v.Set(reflect.ValueOf(texts))
}

func assignTableList(v reflect.Value, raw any, path string, found *Problems) {
	list, ok := raw.([]any)
	if !ok {
		found.add(path, "must be a list of tables")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
	for i, member := range list {
		assignTable(v.Index(i), member, join(path, strconv.Itoa(i)), found)
	}
}

func assignStrings(v reflect.Value, raw any, path string, found *Problems) {
	list, ok := raw.([]any)
	if !ok {
		found.add(path, "must be a list of strings")
		return
	}
	values := make([]string, 0, len(list))
	for _, member := range list {
		text, ok := member.(string)
		if !ok {
			found.add(path, "must be a list of strings")
			return
		}
		values = append(values, text)
	}
	v.Set(reflect.ValueOf(values))
}

func assignValue(v reflect.Value, raw any, path string, found *Problems) {
	switch value := raw.(type) {
	case string:
		if v.Kind() == reflect.String || v.Type() == durationType {
			assignText(v, value, path, found)
			return
		}
	case int64:
		if v.Kind() == reflect.Int {
			v.SetInt(value)
			return
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(value)
			return
		}
	}
	found.add(path, "must be "+expected(v))
}

// assignText sets a field from text: an environment variable, or a duration.
func assignText(v reflect.Value, text, path string, found *Problems) {
	switch {
	case v.Type() == durationType:
		if d, err := time.ParseDuration(text); err == nil {
			v.SetInt(int64(d))
			return
		}
	case v.Kind() == reflect.String:
		v.SetString(text)
		return
	case v.Kind() == reflect.Int:
		if n, err := strconv.Atoi(text); err == nil {
			v.SetInt(int64(n))
			return
		}
	case v.Kind() == reflect.Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			v.SetBool(b)
			return
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.ValueOf(splitList(text)))
		return
	case isTexts(v):
		texts := map[string]string{}
		for _, pair := range splitList(text) {
			name, value, ok := strings.Cut(pair, "=")
			if !ok {
				found.add(path, "must be a list such as a=b,c=d")
				return
			}
			texts[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
		v.Set(reflect.ValueOf(texts))
		return
	}
	found.add(path, "must be "+expected(v))
}

func expected(v reflect.Value) string {
	switch {
	case v.Type() == durationType:
		return `a duration such as "15m"`
	case v.Kind() == reflect.Int:
		return "a whole number"
	case v.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a string"
	}
}

// assignEnvironment lets variables override fields. With the whole environment
// at hand it refuses the ones that name none.
func assignEnvironment(target configuration, lookup func(string) (string, bool), environ map[string]string, found *Problems) {
	names := map[string]bool{}
	visit(reflect.ValueOf(target).Elem(), "", target.mapNames(), func(path string, v reflect.Value) bool {
		name := variable(target.prefix(), path)
		names[name] = true
		text, set := lookup(name)
		if set {
			assignText(v, text, name, found)
		}
		return set
	})
	for _, name := range sortedNames(environ) {
		if strings.HasPrefix(name, target.prefix()) && !names[name] && !isForeign(target, name) {
			found.add(name, "unknown variable")
		}
	}
}

func isForeign(target configuration, name string) bool {
	return slices.ContainsFunc(target.foreign(), func(known string) bool {
		return name == known || strings.HasSuffix(known, "_") && strings.HasPrefix(name, known)
	})
}

// visit calls leaf for every field that holds a value, with its path. A table
// of tables is visited under every name it may hold, and keeps those where
// leaf set something.
func visit(v reflect.Value, path string, mapNames []string, leaf func(string, reflect.Value) bool) bool {
	changed := false
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("toml")
			changed = visit(v.Field(i), join(path, name), mapNames, leaf) || changed
		}
	case v.Kind() == reflect.Map && !isTexts(v):
		for _, name := range mapNames {
			key := reflect.ValueOf(name)
			element := reflect.New(v.Type().Elem()).Elem()
			if old := v.MapIndex(key); old.IsValid() {
				element.Set(old)
			}
			if !visit(element, join(path, name), mapNames, leaf) {
				continue
			}
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			v.SetMapIndex(key, element)
			changed = true
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			changed = visit(v.Index(i), join(path, strconv.Itoa(i)), mapNames, leaf) || changed
		}
	default:
		return leaf(path, v)
	}
	return changed
}

func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		fields[t.Field(i).Tag.Get("toml")] = i
	}
	return fields
}

func variable(prefix, path string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

func splitList(text string) []string {
	values := []string{}
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return fmt.Sprintf("%s.%s", path, name)
}
