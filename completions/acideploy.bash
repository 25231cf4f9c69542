# bash completion for acideploy: source this file, or put it where bash-completion looks.
_acideploy_complete() {
    local kind value word=${COMP_LINE:0:COMP_POINT} separators=$COMP_WORDBREAKS
    word=${word##*[[:space:]]}
    COMPREPLY=()
    while IFS=$'\t' read -r kind value; do
        case $kind in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain)
                [[ $separators == *:* && $word == *:* ]] && value=${value#"${word%:*}:"}
                [[ $value == */ ]] && compopt -o nospace 2>/dev/null
                COMPREPLY+=("$value")
                ;;
        esac
    done < <(ACIDEPLOY_LINE=${COMP_LINE:0:COMP_POINT} \
        _ACIDEPLOY_COMPLETE=bash_complete command "$1" 2>/dev/null)
}
complete -o nosort -F _acideploy_complete acideploy 2>/dev/null \
    || complete -F _acideploy_complete acideploy
