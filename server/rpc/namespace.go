package rpc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"supervisor/supervise"
)

// Namespace is a family of methods beside those of Supervisor: a plug-in of its
// own process (see Forwarder), or Go code of a program that embeds this server (see
// Functions). It is called by many at once, and only for those who may call it;
// auth.From tells it who asks.
//
// Arguments and answers are these types: nil, bool, int, I8, float64, string,
// []byte, time.Time, []any, and Struct. An answer may also have any other integer,
// []string, and map[string]any, whose members are then sorted by name.
//
// An error that is a Fault or a supervise.Fault is told to the client. Others are
// logged, and told as HTTP 500; so is a panic.
type Namespace interface {
	// Names lists the methods, each without the name of the namespace. What it does
	// not list can be called all the same.
	Names(ctx context.Context) ([]string, error)
	// Describe tells of one method. One that there is not is
	// supervise.FaultSignatureUnsupported.
	Describe(ctx context.Context, method string) (Description, error)
	// Call makes a call. A method that there is not is supervise.FaultUnknownMethod.
	Call(ctx context.Context, method string, args []any) (any, error)
}

// Description is what system.methodHelp and system.methodSignature tell.
type Description struct {
	Help      string
	Signature []string // the type of the answer, then those of the arguments; nil if that is not known
}

// Plugin is a namespace under its name.
type Plugin struct {
	Name string
	// Role is the least that may call it; the zero Role stands for supervise.Admin.
	Role      supervise.Role
	Namespace Namespace

	// For those who look after it: where it answers, and the process that does. Both
	// may be left out.
	Address string
	Program supervise.NameSpec
}

// Fault is an error that a client is told as it is: a code and a text of any kind.
type Fault struct {
	Code int64
	Text string
}

func (f Fault) Error() string { return f.Text }

// I8 is an integer that goes over the wire as an <i8>, which not every client knows.
type I8 int64

// Struct is a struct with its members in their order, no name twice.
type Struct []Member

// Member is one member of a struct.
type Member struct {
	Name  string
	Value any
}

// Get gives a member by its name; nil if there is none.
func (s Struct) Get(name string) any {
	for _, m := range s {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// Functions is a namespace of Go functions, by their names.
type Functions map[string]Function

// Function is one of them.
type Function struct {
	Description
	Run func(ctx context.Context, args []any) (any, error)
}

// Names lists the functions.
func (f Functions) Names(context.Context) ([]string, error) {
	return slices.Sorted(maps.Keys(f)), nil
}

// Describe tells of one.
func (f Functions) Describe(_ context.Context, method string) (Description, error) {
	function, found := f[method]
	if !found {
		return Description{}, supervise.Fault{Code: supervise.FaultSignatureUnsupported}
	}
	return function.Description, nil
}

// Call runs one. One that has a signature is not run with another number of
// arguments.
func (f Functions) Call(ctx context.Context, method string, args []any) (any, error) {
	function, found := f[method]
	switch {
	case !found:
		return nil, supervise.Fault{Code: supervise.FaultUnknownMethod}
	case function.Signature != nil && len(args) != len(function.Signature)-1:
		return nil, errParameters
	}
	return function.Run(ctx, args)
}

// given is a value as a Namespace is given it.
func given(v value) (any, error) {
	switch v := v.(type) {
	case null:
		return nil, nil
	case boolean:
		return bool(v), nil
	case integer:
		return int(v), nil
	case long:
		return I8(v.number), nil
	case double:
		return float64(v), nil
	case text:
		return string(v), nil
	case binary:
		return []byte(v), nil
	case moment:
		return time.Time(v), nil
	case array:
		return givenAll(v)
	case object:
		members := make(Struct, len(v))
		for i, m := range v {
			inside, err := given(m.value)
			if err != nil {
				return nil, err
			}
			members[i] = Member{m.name, inside}
		}
		return members, nil
	case strange:
		return nil, strangeType(v.tag)
	}
	return nil, fmt.Errorf("%T is no value of a call", v) // cannot be: they were decoded
}

// strangeType is the name of a type that XML-RPC does not have.
type strangeType string

func (s strangeType) Error() string { return "XML-RPC has no type " + supervise.Quote(string(s)) }

func givenAll(list []value) ([]any, error) {
	all := make([]any, len(list))
	for i, v := range list {
		var err error
		if all[i], err = given(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// taken is a value as a Namespace gave it.
func taken(v any) (value, error) {
	switch v := v.(type) {
	case nil:
		return null{}, nil
	case bool:
		return boolean(v), nil
	case int:
		return integer(v), nil
	case int32:
		return integer(v), nil
	case int64:
		return integer(v), nil
	case I8:
		return long{int64(v), strconv.FormatInt(int64(v), 10)}, nil
	case float64:
		return double(v), nil
	case string:
		return text(v), nil
	case []byte:
		return binary(v), nil
	case time.Time:
		return moment(v), nil
	case []string:
		return texts(v), nil
	case []any:
		return takenAll(v)
	case Struct:
		members := make(object, len(v))
		for i, m := range v {
			inside, err := taken(m.Value)
			if err != nil {
				return nil, err
			}
			members[i] = member{m.Name, inside}
		}
		return members, nil
	case map[string]any:
		members := make(Struct, 0, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, Member{name, v[name]})
		}
		return taken(members)
	}
	return nil, fmt.Errorf("%T is no value that XML-RPC can carry", v)
}

func takenAll(list []any) (array, error) {
	all := make(array, len(list))
	for i, v := range list {
		var err error
		if all[i], err = taken(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}
