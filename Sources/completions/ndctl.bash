# Completion of ndctl's and daxctl's command lines for bash: commands and options are asked of the program itself, names of
# what `list` prints.

_pmemctl_as_names() {
	local tool=$1
	case $2 in
	*-namespace | *-infoblock | clear-errors | inject-error) "$tool" list -Ni | sed -n 's/^ *"dev":"\(namespace[^"]*\)".*/\1/p' ;;
	*-region) "$tool" list -Ri | sed -n 's/^ *"dev":"\(region[^"]*\)".*/\1/p' ;;
	*-dimm | *-labels | *-passphrase | *-security | *-overwrite | update-firmware | inject-smart)
		"$tool" list -Di | sed -n 's/^ *"dev":"\(nmem[^"]*\)".*/\1/p'
		;;
	*-scrub | activate-firmware) "$tool" list -B | sed -n 's/^ *"provider":"\([^"]*\)".*/\1/p' ;;
	*-device | *-memory) "$tool" list -D | sed -n 's/^ *"chardev":"\([^"]*\)".*/\1/p' ;;
	esac 2> /dev/null
}

_pmemctl_as() {
	local tool=$1 word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words="--version --help --list-cmds $("$tool" --list-cmds 2> /dev/null)"
	elif [[ $word = -* ]]; then
		words=$("$tool" "$command" --list-opts 2> /dev/null)
	else
		words="all $(_pmemctl_as_names "$tool" "$command")"
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _pmemctl_as ndctl daxctl
