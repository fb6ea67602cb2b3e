//go:build unix

package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"supervisor/supervise"
)

// story prints a preview, a line for each thing it tells.
func story(preview supervise.Preview) string {
	var b strings.Builder
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return supervise.Quote(*s)
	}
	for _, g := range preview {
		fmt.Fprintf(&b, "%s %s\n", g.Group, g.Action)
		for _, o := range g.Options {
			fmt.Fprintf(&b, "  %s %s -> %s", strings.TrimSpace(o.Option+" "+o.Variable), text(o.Old), text(o.New))
			if o.Hidden {
				b.WriteString(" hidden")
			}
			if o.Processes != nil {
				fmt.Fprintf(&b, " of %v", o.Processes)
			}
			b.WriteString("\n")
		}
		for _, list := range []struct {
			what  string
			names []string
		}{{"gone", g.Gone}, {"new", g.New}, {"starts", g.Starts}} {
			if list.names != nil {
				fmt.Fprintf(&b, "  %s %v\n", list.what, list.names)
			}
		}
	}
	return b.String()
}

func TestAPreviewNamesEveryOptionThatDiffers(t *testing.T) {
	const listener = "[eventlistener:l]\ncommand=/bin/l\nevents=TICK_5\n"
	many := "[program:m]\ncommand=/bin/m %(process_num)d\nprocess_name=%(process_num)d\n"
	for _, test := range []struct{ name, before, after, want string }{
		{"nothing", program, program, ""},
		{"groups that come and go", program, "[program:y]\ncommand=y\n[program:z]\ncommand=z\nautostart=false\n",
			"x removed\ny added\n  starts [y]\nz added\n"},
		{"options", program, program + "command=/bin/y\nstartsecs=5\nstopsignal=INT\ndirectory=/tmp\nuser=root\numask=077\nexitcodes=0,3\nautorestart=true\nstdout_logfile=NONE\nstderr_logfile_maxbytes=0\n",
			"x changed\n  command '/bin/x' -> '/bin/y'\n  directory - -> '/tmp'\n  autorestart 'unexpected' -> 'true'\n  startsecs '1' -> '5'\n  exitcodes '0' -> '0,3'\n  stopsignal 'TERM' -> 'INT'\n  user - -> 'root'\n  umask - -> '077'\n  stdout_logfile 'AUTO' -> 'NONE'\n  stderr_logfile_maxbytes '50MB' -> '0'\n  starts [x]\n"},
		{"the priority once", program, program + "priority=1", "x changed\n  priority '999' -> '1'\n  starts [x]\n"},
		{"variables, secrets hidden", program + `environment=A="1",API_TOKEN="old",GONE="",DB="postgres://me:pw1@h/d"`, program + `environment=A="2",API_TOKEN="new",NEW="x",DB="postgres://me:pw2@h/d"`,
			"x changed\n  environment A '1' -> '2'\n  environment API_TOKEN '***' -> '***' hidden\n  environment NEW - -> 'x'\n  environment DB 'postgres://me:***@h/d' -> 'postgres://me:***@h/d' hidden\n  environment GONE '' -> -\n  starts [x]\n"},
		{"a secret that comes", program, program + `environment=DB_PASSWORD="x"`, "x changed\n  environment DB_PASSWORD - -> '***' hidden\n  starts [x]\n"},
		{"a secret in a command", program, program + `command=/bin/x --db-password "a b" http://me:pw@h/`,
			"x changed\n  command '/bin/x' -> '/bin/x --db-password *** http://me:***@h/' hidden\n  starts [x]\n"},
		{"what only its own list calls a secret", program + "environment=PIN=1,TOKEN=2", program + "environment=PIN=3,TOKEN=4\n[supervisord]\nsecret_names=pin",
			"x changed\n  environment PIN '***' -> '***' hidden\n  environment TOKEN '2' -> '4'\n  starts [x]\n"},
		{"more copies", many + "numprocs=2", many + "numprocs=3\nstartsecs=2", "m changed\n  startsecs '1' -> '2'\n  new [2]\n  starts [0 1 2]\n"},
		{"fewer copies", many + "numprocs=2", many + "numprocs=1", "m changed\n  gone [1]\n  starts [0]\n"},
		{"each copy in its own way", many + "numprocs=2", strings.Replace(many, "/bin/m", "/bin/n", 1) + "numprocs=2",
			"m changed\n  command '/bin/m 0' -> '/bin/n 0' of [0]\n  command '/bin/m 1' -> '/bin/n 1' of [1]\n  starts [0 1]\n"},
		{"one program of a group", program + "[program:y]\ncommand=y\n[group:g]\nprograms=x,y\n", program + "startsecs=3\n[program:y]\ncommand=y\n[group:g]\nprograms=x,y\n",
			"g changed\n  startsecs '1' -> '3' of [x]\n  starts [x y]\n"},
		{"the order of a group", program + "[program:y]\ncommand=y\n[group:g]\nprograms=x,y\n", program + "[program:y]\ncommand=y\n[group:g]\nprograms=y,x\n",
			"g changed\n  programs 'x,y' -> 'y,x'\n  starts [y x]\n"},
		{"a listener", listener, listener + "buffer_size=20\nevents=TICK_60,TICK_5\n", "l changed\n  buffer_size '10' -> '20'\n  events 'TICK_5' -> 'TICK_5,TICK_60'\n  starts [l]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			before, after := loadText(t, dir, test.before), loadText(t, dir, test.after)
			if got := story(Compare(before.Groups, after.Groups, after.Supervisord.SecretNames)); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

func TestTheUsualSecretsAreKnownByTheirNames(t *testing.T) {
	secrets := supervise.Secrets(loadText(t, t.TempDir(), program).Supervisord.SecretNames)
	for _, name := range []string{
		"PASSWORD", "DB_PASSWORD", "password_file", "MYSQL_PASSWD", "DB_PASS", "pgpass", "APP_PASS_1", "GPG_PASSPHRASE",
		"DB_PWORD", "MYSQL_PWD", "DB_PWD_OLD", "API_TOKEN", "--token", "CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY", "apikey",
		"GOOGLE_APPLICATION_CREDENTIALS", "PRIVATE_PEM", "REDISCLI_AUTH", "AUTH", "--auth", "GOOGLE_AUTH_JSON",
		"HTTP_AUTHORIZATION", "SENTRY_DSN", "DSN",
	} {
		if !secrets.Hides(name) {
			t.Errorf("%s is shown", name)
		}
	}
	for _, name := range []string{
		"HOME", "PATH", "PWD", "OLDPWD", "AUTHOR", "GIT_AUTHOR_NAME", "XAUTHORITY", "AUTHORS_FILE", "DATABASE_URL", "PASSENGER_PORT", "PORT", "DSN_POOL_SIZE",
	} {
		if secrets.Hides(name) {
			t.Errorf("%s is hidden", name)
		}
	}
}

// What Equal reads and the settings do not tell would be a change without a
// reason. So each field of a group is changed, by itself.
func TestEveryFieldThatMakesAGroupDifferentIsTold(t *testing.T) {
	log := Log{Kind: LogFile, Path: "/l"}
	for _, build := range []func() Group{
		func() Group {
			return Group{
				Name: "g", Kind: EventListener, Listener: &Listener{Events: []supervise.EventType{"TICK_5"}},
				Processes: []Process{{Name: "p", Stdout: log, Stderr: log}},
			}
		},
		func() Group {
			return Group{Name: "g", Kind: FastCGI, Processes: []Process{{
				Name: "p", Environment: Environment{{Name: "A", Value: "1"}}, ExitCodes: []int{1}, User: &User{UID: 1}, Stdout: log, Stderr: log,
				Socket: &FastCGISocket{URL: "unix:///s", Mode: 0o700, Backlog: 1, Owner: &Owner{UID: 1, GID: 1}},
			}}}
		},
	} {
		differing, before, fields := 0, build(), len(leavesOf(reflect.ValueOf(build()), "Group"))
		for i := range fields {
			after := build()
			field := leavesOf(reflect.ValueOf(&after).Elem(), "Group")[i]
			alter(t, field)
			if before.Name != after.Name || before.Equal(after) {
				continue
			}
			differing++
			if c := changeOf(before, after, nil); len(c.Options)+len(c.New)+len(c.Gone) == 0 {
				t.Errorf("%s makes a group another, and nothing is told of it", field.path)
			}
		}
		if differing < 30 {
			t.Errorf("only %d of %d fields make the group of kind %d another", differing, fields, before.Kind)
		}
	}
}

// leaf is a number, a truth or a text somewhere within a value.
type leaf struct {
	path  string
	value reflect.Value
}

func leavesOf(v reflect.Value, path string) []leaf {
	var all []leaf
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue // of a Log: how nothing was written
			}
			all = append(all, leavesOf(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, leavesOf(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			all = leavesOf(v.Elem(), path)
		}
	default:
		all = []leaf{{path, v}}
	}
	return all
}

// alter makes a leaf another that a configuration may have too. Of a mode it is a
// bit beyond the permissions.
func alter(t *testing.T, l leaf) {
	t.Helper()
	switch v := l.value; v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Uint32:
		v.SetUint(v.Uint() ^ 0o1000)
	case reflect.Int, reflect.Int64:
		if kind, isKind := v.Interface().(LogKind); isKind && kind == LogFile {
			v.SetInt(int64(LogNone))
			return
		}
		v.SetInt(v.Int() + 1)
	default:
		t.Fatalf("%s is a %v", l.path, v.Kind())
	}
}
