#!/bin/sh
# Makes sure that Debian packages needed for tests are there: need.sh COMMAND=PACKAGE ...
# Installs what is missing where that is possible without asking, else says what to do.
set -eu

missing=
for pair in "$@"; do
	command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		as_root=sudo
	else
		echo "The tests need these Debian packages:$missing" >&2
		echo "Install them with:  sudo apt-get install$missing" >&2
		exit 1
	fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "The tests need what Debian calls:$missing. Install it with your system's own tools." >&2
	exit 1
fi
echo "Installing for the tests:$missing"
log=$(mktemp)
# A package that wants to start a service must not, here: policy-rc.d forbids it
# for the time of the installation.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod +x $policy
	made=1
fi
status=0
{
	$as_root apt-get update &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
} >"$log" 2>&1 || status=$?
[ -z "$made" ] || $as_root rm -f $policy
if [ $status != 0 ]; then
	tail -20 "$log" >&2
	echo "apt-get could not install$missing (the whole story: $log)" >&2
	exit $status
fi
rm -f "$log"
