# Ten lines a second, coloured by level, with now and then something odd.
n=0
while :; do
	n=$((n + 1))
	case $((n % 12)) in
	3) printf '\033[33mWARN\033[0m  line %d: the cache is nearly full\n' $n ;;
	7) printf '\033[1;31mERROR\033[0m line %d: \033[4mtimeout\033[0m talking to the database\n' $n ;;
	9) printf '\033[36mDEBUG\033[0m {"line": %d, "user": "anna", "ms": %d}\n' $n $((n % 90)) ;;
	11) printf '\033[38;5;208mINFO\033[0m  line %d: привет, 世界, <b>not bold</b>\n' $n ;;
	*) printf '\033[32mINFO\033[0m  line %d: GET /api/items 200 in %d ms\n' $n $((n * 7 % 120)) ;;
	esac
	sleep 0.1
done
