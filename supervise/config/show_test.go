//go:build unix

package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervise"
)

func show(t *testing.T, dir, text string) supervise.ConfigView {
	t.Helper()
	writeFile(t, dir+"/supervisord.conf", text)
	view, err := Show("supervisord.conf", Options{Environ: testEnviron(dir), Users: hostUsers{}, Dir: dir}, supervise.Secrets{"*TOKEN*"})
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func TestFilesAreShownWithoutTheirSecretsLineForLine(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing secret", "[program:x]\ncommand = /bin/x  ; as ever\n", "[program:x]\ncommand = /bin/x  ; as ever\n"},
		{"a password", "[unix_http_server]\nusername=u\npassword = hunter2 ; mine\n", "[unix_http_server]\nusername=u\npassword =***\n"},
		{"a token's hash", "[user:robot]\ntoken=hunter2\n", "[user:robot]\ntoken=***\n"},
		{"a certificate's key is a file", "[inet_http_server]\ntls_key=/etc/k.pem\n", "[inet_http_server]\ntls_key=/etc/k.pem\n"},
		{"variables", `environment=A=1,API_TOKEN=hunter2,B="x y"`, `environment=A=1,API_TOKEN="***",B="x y"`},
		{"variables over lines", "environment=A=\"1\",\n  API_TOKEN='hunter2', ; from the vault\n  B=2\nstartsecs=1", "environment=A=\"1\",\nAPI_TOKEN=\"***\",\nB=2\nstartsecs=1"},
		{"a value over lines", "environment=API_TOKEN=\"hunter2\n  hunter2\",B=2\nstartsecs=1", "environment=API_TOKEN=\"***\",B=2\n\nstartsecs=1"},
		{"a comment between lines", "environment=A=1,\n; why\n  API_TOKEN=hunter2\n", "environment=A=1,\n; why\nAPI_TOKEN=\"***\"\n"},
		{"variables nobody can read", "environment=API_TOKEN=hunter2 \"\n", "environment=***\n"},
		{"a variable whose name another ends with", `environment=X="API_TOKEN=hunter2",API_TOKEN=hunter2`, `environment=X="API_TOKEN=***",API_TOKEN="***"`},
		{"a command", "command=/bin/x --api-token hunter2 http://me:hunter2@h/\n", "command=/bin/x --api-token *** http://me:***@h/\n"},
		{"switched off", ";password=hunter2\n; environment=API_TOKEN=hunter2\n#  API_TOKEN = hunter2\n", ";password=***\n; environment=API_TOKEN=\"***\"\n#  API_TOKEN =***\n"},
		{"switched off, over lines", ";password=\n;   hunter2\n;next=1\n", ";password=\n;   ***\n;next=1\n"},
		{"switched off, with its value below", "# password =\n# hunter2\n# why it is off\n", "# password =\n# ***\n# why it is off\n"},
		{"switched off, going on", ";my_token=hunter2\n;  hunter2=\n;\n;  hunter2\ncommand=x\n", ";my_token=***\n;  ***\n;\n;  ***\ncommand=x\n"},
		{"switched off without a value", ";password=\n;username=u\n; what follows\n\n;  is read\n", ";password=\n;username=u\n; what follows\n\n;  is read\n"},
		{"an option of nobody's", "[rpcinterface:x]\nsupervisor.rpcinterface_factory = a:b\nmy_token: hunter2\n", "[rpcinterface:x]\nsupervisor.rpcinterface_factory = a:b\nmy_token:***\n"},
		{"the ends of lines of Windows", "[program:x]\r\nenvironment=API_TOKEN=hunter2\r\n", "[program:x]\nenvironment=API_TOKEN=\"***\"\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			view := show(t, t.TempDir(), "[supervisord]\n"+test.text)
			got := strings.TrimPrefix(view.Files[0].Text, "[supervisord]\n")
			if strings.TrimSuffix(got, "\n") != strings.TrimSuffix(test.want, "\n") {
				t.Errorf("shown as\n%q, want\n%q", got, test.want)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown: %q", got)
			}
		})
	}
}

func TestABrokenConfigurationIsShownWithTheLineThatBreaksIt(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/one.ini", "[program:one]\ncommand=/bin/one\nnonsense\npassword=hunter2\n")
	view := show(t, dir, "[supervisord]\n[include]\nfiles=one.ini\n")
	if len(view.Files) != 2 || filepath.Base(view.Files[1].Path) != "one.ini" || view.Files[1].Text != "[program:one]\ncommand=/bin/one\nnonsense\npassword=***\n" {
		t.Fatalf("%+v", view.Files)
	}
	var wrong []supervise.ConfigFinding
	for _, f := range view.Findings {
		if f.Verdict == "error" {
			wrong = append(wrong, f)
		}
	}
	if len(wrong) != 1 || filepath.Base(wrong[0].File) != "one.ini" || wrong[0].Line != 3 {
		t.Errorf("%+v", wrong)
	}
}

func TestWhatIsSaidOfABrokenFileHasNoSecretsInIt(t *testing.T) {
	for _, test := range []struct{ name, text, want, trouble string }{
		{"a variable before any section", "API_TOKEN=hunter2\n", "API_TOKEN=***\n", "line: 1\n'API_TOKEN=***\\n'"},
		{"a password before any section", "password: hunter2\n", "password:***\n", "line: 1\n'password:***\\n'"},
		{"its value on the next line", "garbage\npassword=\n  hunter2\nb=1\n", "garbage\npassword=***\n\nb=1\n", "line: 1\n'garbage\\n'"},
		{"variables before any section", "environment=A=1,\n  API_TOKEN=hunter2\n", "environment=A=1,\nAPI_TOKEN=\"***\"\n", "line: 1\n'environment=A=1,\\n'"},
		{"an option without a name", "[supervisord]\n= API_TOKEN=hunter2\n", "[supervisord]\n= API_TOKEN=***\n", "[line  2]: '= API_TOKEN=***\\n'"},
		{"a line that is nothing", "[supervisord]\n--api-token hunter2\n", "[supervisord]\n--api-token ***\n", "[line  2]: '--api-token ***\\n'"},
		{"more of them", "[supervisord]\nnonsense\nsee http://me@h?api_token=hunter2\n", "[supervisord]\nnonsense\nsee http://me@h?api_token=***\n", "[line  2]: 'nonsense\\n'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			view := show(t, t.TempDir(), test.text)
			if view.Files[0].Text != test.want {
				t.Errorf("shown as\n%q, want\n%q", view.Files[0].Text, test.want)
			}
			if !strings.Contains(view.Files[0].Trouble, test.trouble) {
				t.Errorf("the trouble is told as\n%s, want\n%s", view.Files[0].Trouble, test.trouble)
			}
			if len(view.Findings) != 1 || strings.Contains(fmt.Sprintf("%+v", view), "hunter2") {
				t.Errorf("a secret is told: %+v", view)
			}
		})
	}
}

func TestSecretsThatOnlyTheFilesNameAreHidden(t *testing.T) {
	view := show(t, t.TempDir(), "[supervisord]\nsecret_names=*COLOUR*\n[program:x]\ncommand=x\nenvironment=MY_COLOUR=hunter2\n")
	if strings.Contains(view.Files[0].Text, "hunter2") {
		t.Errorf("%s", view.Files[0].Text)
	}
}

func TestAFileThatIsGoneIsNamedWithTheReason(t *testing.T) {
	dir := t.TempDir()
	view, err := Show("none.conf", Options{Environ: testEnviron(dir), Users: hostUsers{}, Dir: dir}, nil)
	if err != nil || len(view.Files) != 1 || view.Files[0].Trouble == "" || !filepath.IsAbs(view.Files[0].Path) || len(view.Findings) != 1 {
		t.Errorf("%+v, %v", view, err)
	}
}
