# fish completion for acideploy: put this file in ~/.config/fish/completions.
function __acideploy_complete
    set -l word (commandline -ct)
    for answer in (COMP_WORDS=(commandline -cp) COMP_CWORD=$word \
            _ACIDEPLOY_COMPLETE=fish_complete command acideploy 2>/dev/null)
        set -l parts (string split -m 2 -- \t $answer)
        switch $parts[1]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case plain
                printf '%s\t%s\n' $parts[2] $parts[3]
        end
    end
end
complete --no-files --keep-order --command acideploy --arguments '(__acideploy_complete)'
