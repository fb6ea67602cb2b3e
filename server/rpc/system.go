package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// maxCalls is how many calls one multicall may make.
const maxCalls = 1000

// maxAnswers is how much the calls of one multicall may answer in all, logs
// aside, which have a budget of their own: the process lists of ten thousand
// programs, or a thousand calls about one program each, and much besides.
const maxAnswers = 16 << 20

var errAnswers = supervise.Fault{
	Code:   supervise.FaultFailed,
	Detail: fmt.Sprintf("the answers are more than one multicall may hold (%d bytes): ask for less at once", maxAnswers),
}

// multicall is the name of the method with others in it.
const multicall = "system.multicall"

// listMethods tells of the methods that whoever asks may call for something.
func (h *Handler) listMethods(ctx context.Context, _ []value) (value, error) {
	list := h.pluginNames(ctx)
	for name, m := range h.table {
		about := auth.Everything
		if m.about == supervisord {
			about = auth.Supervisord
		}
		if auth.Can(auth.From(ctx), m.verb, about) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return texts(list), nil
}

func (h *Handler) methodHelp(ctx context.Context, args []value) (value, error) {
	if m := h.find(args[0]); m != nil {
		return text(m.help), nil
	}
	d, err := h.describe(ctx, args[0])
	return text(d.Help), err
}

func (h *Handler) methodSignature(ctx context.Context, args []value) (value, error) {
	if m := h.find(args[0]); m != nil {
		return m.signature(), nil
	}
	d, err := h.describe(ctx, args[0])
	if err == nil && d.Signature == nil {
		err = supervise.Fault{Code: supervise.FaultSignatureUnsupported}
	}
	return texts(d.Signature), err
}

// find gives a method of ours by its name; nil if there is none.
func (h *Handler) find(v value) *method {
	name, _ := v.(text)
	return h.table[string(name)]
}

// multicall makes calls one after another, each waiting for the one before. An
// answer stands in the list bare, not within an array of its own as elsewhere
// in the world (xmlrpc.py multicall). One that has no room left in the list is a
// fault there, unless it is shorter than that fault: the call has been made, and
// who stops a program learns so whatever they asked before.
func (h *Handler) multicall(ctx context.Context, args []value) (value, error) {
	calls, err := asCalls(args[0])
	if err != nil {
		return nil, err
	}
	full := told(ctx, errAnswers).value().encode(nil)
	answers, room := []byte(arrayOpen), maxAnswers
	for _, each := range calls {
		logs, begin := textRead(ctx), len(answers)
		v, err := h.one(ctx, each)
		if err != nil {
			v = told(ctx, err).value()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err() // nobody waits for the rest
		}
		answers = v.encode(answers)
		size := len(answers) - begin
		switch {
		case textRead(ctx) > logs: // counted there
		case size > room && size > len(full):
			answers = append(answers[:begin], full...)
		default:
			room -= size
		}
	}
	return encoded(append(answers, arrayClose...)), nil
}

// asCalls reads what a multicall is to do.
func asCalls(v value) ([]object, error) {
	list, ok := v.(array)
	if s, isText := v.(text); isText { // it can be cut like an array, and no more
		if s == "" {
			return nil, nil
		}
		return nil, missing(v, "pop")
	}
	if !ok || len(list) > maxCalls {
		return nil, errParameters
	}
	calls := make([]object, len(list))
	for i, each := range list {
		if calls[i], ok = each.(object); !ok {
			return nil, missing(each, "get")
		}
	}
	return calls, nil
}

// one makes one call of a multicall. Values in the call of a plug-in are as they came.
func (h *Handler) one(ctx context.Context, c object) (value, error) {
	given, err := bare(c.get("methodName"))
	if err != nil {
		return nil, errParameters
	}
	switch name := given.(type) {
	case nil, null:
		return nil, supervise.Fault{Code: supervise.FaultIncorrectParameters, Detail: "No methodName"}
	case text:
		if name == multicall {
			return nil, supervise.Fault{Code: supervise.FaultIncorrectParameters, Detail: "Recursive system.multicall forbidden"}
		}
	default:
		return nil, missing(name, "split")
	}
	params, err := asArguments(c.get("params"))
	if err != nil {
		return nil, errParameters
	}
	return h.call(ctx, string(given.(text)), params)
}

// asArguments reads the parameters of a call within a multicall: whatever Python can
// go through.
func asArguments(v value) (array, error) {
	v, err := bare(v)
	if err != nil {
		return nil, errParameters
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case array:
		return v, nil
	case object:
		names := make(array, len(v))
		for i, m := range v {
			names[i] = text(m.name)
		}
		return names, nil
	case text:
		if len(v) > maxValues {
			return nil, errParameters
		}
		var characters array
		for _, r := range v {
			characters = append(characters, text(r))
		}
		return characters, nil
	}
	return nil, errParameters
}

// told is how an error appears among the results of a multicall. What is ours
// alone to know is logged.
func told(ctx context.Context, err error) fault {
	if f, ok := asFault(err); ok {
		return f
	}
	f := fault{supervise.FaultFailed, supervise.FaultFailed.String()}
	var c crash
	if errors.As(err, &c) {
		f.text += ": " + c.Error()
		return f
	}
	if ctx.Err() == nil {
		reply.Log(ctx).Error("answer an XML-RPC call within a multicall", "err", err)
	}
	return f
}
