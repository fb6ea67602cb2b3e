#!/bin/sh
# Looks for known vulnerabilities in what the programs and the page are made of.
# Fails on a finding. A database that cannot be reached is no finding: it is said
# loudly, so that nobody takes silence for safety, and the rest goes on.
set -u

govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=0

not_checked() {
	printf '\n*** NOT CHECKED: %s.\n*** The reason:\n' "$1" >&2
	tail -n 5 "$2" >&2
	echo >&2
}

modules_are_unchanged() {
	echo 'scan: the Go modules are those of go.sum'
	go mod verify || found=1
}

# It exits with 3 for what our code can reach, and not for what it never calls.
go_is_known_to_be_sound() {
	echo "scan: Go code, by $govulncheck"
	if ! GOBIN=$work go install "$govulncheck" >"$work/log" 2>&1; then
		not_checked "Go code, because govulncheck could not be had" "$work/log"
		return
	fi
	"$work/govulncheck" ./... >"$work/log" 2>&1
	case $? in
	0) tail -n 1 "$work/log" ;;
	3)
		cat "$work/log" >&2
		found=1
		;;
	*)
		if grep -q 'fetching vulnerabilities' "$work/log"; then
			not_checked "Go code, because the database of vulnerabilities could not be reached" "$work/log"
		else
			cat "$work/log" >&2 # the scanner itself broke, which somebody has to look into
			found=1
		fi
		;;
	esac
}

# What is shipped has to be sound in every respect; of what only builds and tests
# it, what is worse than moderate counts.
packages_are_known_to_be_sound() {
	echo "scan: packages of the $1"
	shift
	status=0
	npm audit --json "$@" >"$work/audit" 2>"$work/log" || status=$?
	if ! grep -q '"vulnerabilities"' "$work/audit"; then
		cat "$work/log" >>"$work/audit"
		not_checked "packages, because the audit could not be had" "$work/audit"
		return
	fi
	if [ "$status" = 0 ]; then
		echo 'No vulnerabilities found.'
		return
	fi
	cat "$work/audit" >&2
	found=1
}

modules_are_unchanged
go_is_known_to_be_sound
packages_are_known_to_be_sound 'page' --omit=dev
packages_are_known_to_be_sound 'tools' --audit-level=high
exit $found
