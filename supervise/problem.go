package supervise

import "time"

// Problem is something about supervisord itself that an administrator should
// look into. Text says all of it in English, as the main log has it; Code and the
// facts behind it are for who says it in another language. What a fact means
// depends on the code. Two are the same problem if they are equal.
type Problem struct {
	Code ProblemCode
	// Name is the account, or the section of the configuration; or programs, with
	// commas between, and More is how many there are besides.
	Name string
	More int
	// Place is a file, "file:line", or an address that is listened on.
	Place string
	// Why is the cause in the words of the system.
	Why string
	// At is when it began, or will.
	At   time.Time
	Text string
}

// ProblemCode tells kinds of problems apart. Codes stay as they are.
type ProblemCode string

// The kinds of problems, each with the facts it has.
const (
	StateUnwritable      ProblemCode = "STATE_UNWRITABLE"       // Place, Why
	MainLogTrouble       ProblemCode = "MAIN_LOG_TROUBLE"       // Why
	LogTrouble           ProblemCode = "LOG_TROUBLE"            // Name, More, Why; Place, At where it is a file
	CrashesUnkept        ProblemCode = "CRASHES_UNKEPT"         // Why
	TrailUnwritable      ProblemCode = "TRAIL_UNWRITABLE"       // Place, Why, At
	ServerOpen           ProblemCode = "SERVER_OPEN"            // Name, Place
	ServerInClear        ProblemCode = "SERVER_IN_CLEAR"        // Name, Place
	PasswordPlain        ProblemCode = "PASSWORD_PLAIN"         // Name, Place
	PasswordSHA          ProblemCode = "PASSWORD_SHA"           // Name, Place
	PasswordUnusable     ProblemCode = "PASSWORD_UNUSABLE"      // Name, Place, Why
	AccountTwice         ProblemCode = "ACCOUNT_TWICE"          // Name, Place
	UsersFileUnreadable  ProblemCode = "USERS_FILE_UNREADABLE"  // Why
	CertificateUnread    ProblemCode = "CERTIFICATE_UNREADABLE" // Name, Why
	CertificateExpired   ProblemCode = "CERTIFICATE_EXPIRED"    // Name, At
	CertificateExpires   ProblemCode = "CERTIFICATE_EXPIRES"    // Name, At
	CertificateKeyShared ProblemCode = "CERTIFICATE_KEY_SHARED" // Name, Place
	PluginIsPython       ProblemCode = "PLUGIN_IS_PYTHON"       // Name, Place, Why: the factory
)

// ProblemCodes lists every kind.
func ProblemCodes() []ProblemCode {
	return []ProblemCode{
		StateUnwritable, MainLogTrouble, LogTrouble, CrashesUnkept, TrailUnwritable, ServerOpen, ServerInClear, PasswordPlain, PasswordSHA, PasswordUnusable,
		AccountTwice, UsersFileUnreadable, CertificateUnread, CertificateExpired, CertificateExpires, CertificateKeyShared,
		PluginIsPython,
	}
}
