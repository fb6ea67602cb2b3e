# Works for a while, then ends badly in one of three ways.
n=0
while [ $n -lt 15 ]; do
	n=$((n + 1))
	echo "request $n answered"
	sleep 1
done
case $(($(date +%s) % 3)) in
0) echo "out of luck, exit 1" >&2; exit 1 ;;
1) echo "out of memory, exit 137" >&2; exit 137 ;;
*) echo "killed by a signal" >&2; kill -SEGV $$ ;;
esac
