package rpc

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"supervisor/supervise"
)

// crash is where the original meets a Python exception it does not expect. It
// answers HTTP 500, or, within a multicall, fault 30 with this text.
type crash struct{ class, text string }

func (c crash) Error() string { return fmt.Sprintf("<class '%s'>:%s", c.class, c.text) }

// missing is the commonest crash: a value of the wrong type is asked for a
// method it does not have.
func missing(v value, method string) error {
	return crash{"AttributeError", fmt.Sprintf("'%s' object has no attribute '%s'", typeName(v), method)}
}

// errParameters is where the original meets a TypeError, or misses an argument.
var errParameters = supervise.Fault{Code: supervise.FaultIncorrectParameters}

// asName reads a process name. given is the name as the client wrote it, which
// is how faults repeat it.
func asName(v value) (name supervise.NameSpec, given string, err error) {
	s, ok := v.(text)
	if !ok {
		return name, "", missing(v, "split")
	}
	return supervise.ParseNameSpec(string(s)), string(s), nil
}

// asGroup reads a group name. What is no text names no group, except what
// Python cannot look up in a dict.
func asGroup(v value) (string, error) {
	switch v := v.(type) {
	case text:
		return string(v), nil
	case array, object:
		return "", errParameters
	}
	return "", repeating(supervise.FaultBadName, v)
}

// repeating is a fault that repeats a value which was no text. None is the same
// as nothing to repeat, as in Python.
func repeating(code supervise.FaultCode, v value) error {
	if _, none := v.(null); none {
		return supervise.Fault{Code: code}
	}
	return fault{code, code.String() + ": " + pythonStr(v)}
}

// asInt reads a number as Python's int does.
func asInt(v value) (int64, error) {
	switch v := v.(type) {
	case integer:
		return int64(v), nil
	case boolean:
		if v {
			return 1, nil
		}
		return 0, nil
	case double:
		if f := float64(v); !math.IsNaN(f) && math.Abs(f) < 1<<62 {
			return int64(f), nil
		}
		return 0, crash{"OverflowError", "cannot convert float to integer"}
	case text:
		n, err := parseInt(string(v))
		if err != nil {
			return 0, crash{"ValueError", "invalid literal for int() with base 10: " + supervise.Quote(string(v))}
		}
		return n, nil
	}
	return 0, errParameters
}

// asSignal reads a signal by name or number (datatypes.py signal_number).
func asSignal(v value) (supervise.Signal, error) {
	word := ""
	switch v := v.(type) {
	case text:
		word = string(v)
	case integer, boolean, double:
		n, err := asInt(v)
		if err != nil {
			return 0, err
		}
		word = strconv.FormatInt(n, 10)
	default:
		return 0, missing(v, "strip")
	}
	sig, err := supervise.ParseSignal(word)
	if err != nil {
		return 0, repeating(supervise.FaultBadSignal, v)
	}
	return sig, nil
}

// truth is Python's: empty things, zeros and None are false.
func truth(v value) bool {
	switch v := v.(type) {
	case null:
		return false
	case boolean:
		return bool(v)
	case integer:
		return v != 0
	case double:
		return v != 0
	case text:
		return v != ""
	case array:
		return len(v) > 0
	case object:
		return len(v) > 0
	}
	return true
}

func typeName(v value) string {
	switch v.(type) {
	case null:
		return "NoneType"
	case boolean:
		return "bool"
	case integer:
		return "int"
	case double:
		return "float"
	case text:
		return "str"
	case array:
		return "list"
	case object:
		return "dict"
	case moment:
		return "datetime.datetime"
	}
	return "object"
}

// pythonStr prints a value as Python's str does, for faults that repeat it.
func pythonStr(v value) string {
	if s, ok := v.(text); ok {
		return string(s)
	}
	if t, ok := v.(moment); ok {
		return time.Time(t).Format(time.DateTime)
	}
	return pythonRepr(v)
}

func pythonRepr(v value) string {
	switch v := v.(type) {
	case null:
		return "None"
	case boolean:
		if v {
			return "True"
		}
		return "False"
	case integer:
		return strconv.FormatInt(int64(v), 10)
	case double:
		return string(appendFloat(nil, float64(v)))
	case text:
		return supervise.Quote(string(v))
	case moment:
		t := time.Time(v)
		repr := fmt.Sprintf("datetime.datetime(%d, %d, %d, %d, %d", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute())
		if t.Second() != 0 {
			repr += ", " + strconv.Itoa(t.Second())
		}
		return repr + ")"
	case array:
		parts := make([]string, len(v))
		for i, each := range v {
			parts[i] = pythonRepr(each)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case object:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = supervise.Quote(m.name) + ": " + pythonRepr(m.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return ""
}
