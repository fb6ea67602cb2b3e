package supervise

import "strconv"

// FaultCode is the number of an XML-RPC fault, Supervisor's own (xmlrpc.py).
type FaultCode int

const (
	FaultUnknownMethod        FaultCode = 1
	FaultIncorrectParameters  FaultCode = 2
	FaultBadArguments         FaultCode = 3
	FaultSignatureUnsupported FaultCode = 4
	FaultShutdownState        FaultCode = 6
	FaultBadName              FaultCode = 10
	FaultBadSignal            FaultCode = 11
	FaultNoFile               FaultCode = 20
	FaultNotExecutable        FaultCode = 21
	FaultFailed               FaultCode = 30
	FaultAbnormalTermination  FaultCode = 40
	FaultSpawnError           FaultCode = 50
	FaultAlreadyStarted       FaultCode = 60
	FaultNotRunning           FaultCode = 70
	Success                   FaultCode = 80 // a status in result lists, never a fault
	FaultAlreadyAdded         FaultCode = 90
	FaultStillRunning         FaultCode = 91
	FaultCantReread           FaultCode = 92
	FaultForbidden            FaultCode = 403 // ours: who asks may not do this
)

var faultNames = map[FaultCode]string{
	FaultUnknownMethod:        "UNKNOWN_METHOD",
	FaultIncorrectParameters:  "INCORRECT_PARAMETERS",
	FaultBadArguments:         "BAD_ARGUMENTS",
	FaultSignatureUnsupported: "SIGNATURE_UNSUPPORTED",
	FaultShutdownState:        "SHUTDOWN_STATE",
	FaultBadName:              "BAD_NAME",
	FaultBadSignal:            "BAD_SIGNAL",
	FaultNoFile:               "NO_FILE",
	FaultNotExecutable:        "NOT_EXECUTABLE",
	FaultFailed:               "FAILED",
	FaultAbnormalTermination:  "ABNORMAL_TERMINATION",
	FaultSpawnError:           "SPAWN_ERROR",
	FaultAlreadyStarted:       "ALREADY_STARTED",
	FaultNotRunning:           "NOT_RUNNING",
	Success:                   "SUCCESS",
	FaultAlreadyAdded:         "ALREADY_ADDED",
	FaultStillRunning:         "STILL_RUNNING",
	FaultCantReread:           "CANT_REREAD",
	FaultForbidden:            "FORBIDDEN",
}

// String gives the name in capitals.
func (c FaultCode) String() string {
	if name, ok := faultNames[c]; ok {
		return name
	}
	return "FaultCode(" + strconv.Itoa(int(c)) + ")"
}

// Fault is an error a client may see. Everything else that goes wrong is ours
// to log, and theirs to know as FAILED.
type Fault struct {
	Code   FaultCode
	Detail string // what it is about, "" for none
}

// Error gives the faultString of the XML-RPC answer: "NAME" or "NAME: detail".
func (f Fault) Error() string {
	if f.Detail == "" {
		return f.Code.String()
	}
	return f.Code.String() + ": " + f.Detail
}

// Result is one line of the answer to a command on several processes. A process
// that was already in the wanted state has no line (rpcinterface.py).
type Result struct {
	Group       string
	Name        string
	Status      FaultCode // Success, or the fault it met
	Description string    // "OK", or the text of the fault
}
