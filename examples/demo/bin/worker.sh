# Says every so many seconds that it works, and stops in an orderly way.
name=$1 pause=$2 n=0
trap 'echo "$name: told to stop, finishing"; exit 0' TERM
echo "$name: ready"
while :; do
	n=$((n + 1))
	echo "$name: job $n done"
	sleep "$pause" & wait $!
done
