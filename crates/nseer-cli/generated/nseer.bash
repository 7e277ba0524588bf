# Completions of nseer for bash. Made from the table of options; not edited by hand.
_nseer() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    # bash cuts --option=value into three words.
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" && $COMP_CWORD -ge 2 ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    if (( COMP_CWORD > 1 )); then
        case ${COMP_WORDS[1]} in
            convert)
                case $prev in
                    --to)
                        mapfile -t COMPREPLY < <(compgen -W 'json html xml normal grepable' -- "$cur")
                        return
                        ;;
                    -o)
                        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        return
                        ;;
                esac
                if [[ $cur == -* ]]; then
                    mapfile -t COMPREPLY < <(compgen -W '--to -o' -- "$cur")
                else
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                fi
                return
                ;;
            diff)
                case $prev in
                    --to)
                        mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
                        return
                        ;;
                    -o)
                        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        return
                        ;;
                esac
                if [[ $cur == -* ]]; then
                    mapfile -t COMPREPLY < <(compgen -W '--to -o' -- "$cur")
                else
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                fi
                return
                ;;
            doc)
                case $prev in
                    -o)
                        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                        return
                        ;;
                    --format)
                        mapfile -t COMPREPLY < <(compgen -W 'html markdown json' -- "$cur")
                        return
                        ;;
                    --datadir)
                        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                        return
                        ;;
                esac
                if [[ $cur == -* ]]; then
                    mapfile -t COMPREPLY < <(compgen -W '-o --format --datadir' -- "$cur")
                else
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                fi
                return
                ;;
            resume)
                case $prev in
                esac
                if [[ $cur == -* ]]; then
                    mapfile -t COMPREPLY < <(compgen -W '' -- "$cur")
                else
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                fi
                return
                ;;
            script)
                if (( COMP_CWORD == 2 )); then
                    mapfile -t COMPREPLY < <(compgen -W 'new check test run help info list profile types' -- "$cur")
                    return
                fi
                case ${COMP_WORDS[2]} in
                    new)
                        case $prev in
                            --rule)
                                mapfile -t COMPREPLY < <(compgen -W 'port host pre post' -- "$cur")
                                return
                                ;;
                            --port)
                                COMPREPLY=()
                                return
                                ;;
                            --service)
                                COMPREPLY=()
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--rule --port --service' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    check)
                        case $prev in
                            --format)
                                mapfile -t COMPREPLY < <(compgen -W 'human json sarif github' -- "$cur")
                                return
                                ;;
                            --level)
                                mapfile -t COMPREPLY < <(compgen -W 'note warning error' -- "$cur")
                                return
                                ;;
                            --explain)
                                COMPREPLY=()
                                return
                                ;;
                            --datadir)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                            -o)
                                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--format --level --strict --explain --rules --datadir -o' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    test)
                        case $prev in
                            --record)
                                COMPREPLY=()
                                return
                                ;;
                            -o)
                                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                                return
                                ;;
                            --mask)
                                COMPREPLY=()
                                return
                                ;;
                            --script-args)
                                COMPREPLY=()
                                return
                                ;;
                            --service)
                                COMPREPLY=()
                                return
                                ;;
                            --format)
                                mapfile -t COMPREPLY < <(compgen -W 'human tap' -- "$cur")
                                return
                                ;;
                            --junit)
                                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                                return
                                ;;
                            --coverage)
                                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                                return
                                ;;
                            --datadir)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--record -o --mask --script-args --service --bless --format --junit --coverage --datadir' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    run)
                        case $prev in
                            --service)
                                COMPREPLY=()
                                return
                                ;;
                            --script-args)
                                COMPREPLY=()
                                return
                                ;;
                            --datadir)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--probe --service --script-args --force --trace --watch -d --datadir' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    help)
                        case $prev in
                            --datadir)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--datadir' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    info)
                        case $prev in
                            --format)
                                mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
                                return
                                ;;
                            --datadir)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--format --datadir' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    list)
                        case $prev in
                            --format)
                                mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
                                return
                                ;;
                            --datadir)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--format --datadir' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    profile)
                        case $prev in
                            --sort)
                                mapfile -t COMPREPLY < <(compgen -W 'time running bytes memory runs' -- "$cur")
                                return
                                ;;
                            --top)
                                COMPREPLY=()
                                return
                                ;;
                            --format)
                                mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '--sort --top --format' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                    types)
                        case $prev in
                            -o)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                            --datadir)
                                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                                return
                                ;;
                        esac
                        if [[ $cur == -* ]]; then
                            mapfile -t COMPREPLY < <(compgen -W '-o --datadir' -- "$cur")
                        else
                            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        fi
                        return
                        ;;
                esac
                return
                ;;
            show)
                case $prev in
                    --to)
                        mapfile -t COMPREPLY < <(compgen -W 'json html xml normal grepable' -- "$cur")
                        return
                        ;;
                    -o)
                        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        return
                        ;;
                esac
                if [[ $cur == -* ]]; then
                    mapfile -t COMPREPLY < <(compgen -W '--to -o' -- "$cur")
                else
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                fi
                return
                ;;
        esac
    fi
    case $prev in
        -iL)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --exclude)
            COMPREPLY=()
            return
            ;;
        --excludefile)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --seed)
            COMPREPLY=()
            return
            ;;
        --shard)
            COMPREPLY=()
            return
            ;;
        --dns-servers)
            COMPREPLY=()
            return
            ;;
        --scanflags)
            COMPREPLY=()
            return
            ;;
        -p)
            COMPREPLY=()
            return
            ;;
        --exclude-ports)
            COMPREPLY=()
            return
            ;;
        --top-ports)
            COMPREPLY=()
            return
            ;;
        --port-ratio)
            COMPREPLY=()
            return
            ;;
        --servicedb)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --version-intensity)
            COMPREPLY=()
            return
            ;;
        --versiondb)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --script)
            mapfile -t COMPREPLY < <(compgen -W 'all auth broadcast brute default discovery dos exploit external fuzzer intrusive malware safe version vuln' -- "$cur")
            return
            ;;
        --script-args)
            COMPREPLY=()
            return
            ;;
        --script-args-file)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --script-help)
            mapfile -t COMPREPLY < <(compgen -W 'all auth broadcast brute default discovery dos exploit external fuzzer intrusive malware safe version vuln' -- "$cur")
            return
            ;;
        --script-timeout)
            COMPREPLY=()
            return
            ;;
        --script-workers)
            COMPREPLY=()
            return
            ;;
        --script-cpu-limit)
            COMPREPLY=()
            return
            ;;
        --max-os-tries)
            COMPREPLY=()
            return
            ;;
        -T|--timing)
            mapfile -t COMPREPLY < <(compgen -W 'paranoid sneaky polite normal aggressive insane' -- "$cur")
            return
            ;;
        --min-rate)
            COMPREPLY=()
            return
            ;;
        --max-rate)
            COMPREPLY=()
            return
            ;;
        --min-parallelism)
            COMPREPLY=()
            return
            ;;
        --max-parallelism)
            COMPREPLY=()
            return
            ;;
        --initial-rtt-timeout)
            COMPREPLY=()
            return
            ;;
        --min-rtt-timeout)
            COMPREPLY=()
            return
            ;;
        --max-rtt-timeout)
            COMPREPLY=()
            return
            ;;
        --max-retries)
            COMPREPLY=()
            return
            ;;
        --host-timeout)
            COMPREPLY=()
            return
            ;;
        --scan-delay)
            COMPREPLY=()
            return
            ;;
        --max-scan-delay)
            COMPREPLY=()
            return
            ;;
        --min-hostgroup)
            COMPREPLY=()
            return
            ;;
        --max-hostgroup)
            COMPREPLY=()
            return
            ;;
        --nsock-engine)
            COMPREPLY=()
            return
            ;;
        -S)
            COMPREPLY=()
            return
            ;;
        -e)
            COMPREPLY=()
            return
            ;;
        -g|--source-port)
            COMPREPLY=()
            return
            ;;
        --data)
            COMPREPLY=()
            return
            ;;
        --data-string)
            COMPREPLY=()
            return
            ;;
        --data-length)
            COMPREPLY=()
            return
            ;;
        --ttl)
            COMPREPLY=()
            return
            ;;
        -oN)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        -oX)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        -oG)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        -oJ)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        -oA)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --report)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --store)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --stats-every)
            COMPREPLY=()
            return
            ;;
        --stylesheet)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        -oM)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --datadir)
            mapfile -t COMPREPLY < <(compgen -d -- "$cur")
            return
            ;;
    esac
    local names=(
        -iL
        --exclude
        --excludefile
        -6
        -4
        --resolve-all
        --randomize-hosts
        --seed
        --shard
        -sL
        -sn
        -sP
        -Pn
        -P0
        -PN
        -PS
        -PA
        -PT
        -PU
        -PY
        -PE
        -PI
        -PP
        -PB
        -PM
        -n
        -R
        --dns-servers
        --system-dns
        --disable-arp-ping
        -PO
        -PR
        --traceroute
        -sS
        -sT
        -sA
        -sW
        -sM
        -sN
        -sF
        -sX
        -sU
        -sY
        -sZ
        --scanflags
        -sO
        -p
        --exclude-ports
        -F
        --top-ports
        --port-ratio
        -r
        --servicedb
        -sV
        -sR
        --version-intensity
        --version-light
        --version-all
        --version-trace
        --versiondb
        --allports
        -sC
        --script
        --script-args
        --script-args-file
        --script-help
        --script-updatedb
        --script-timeout
        --script-trace
        --script-profile
        --script-workers
        --script-cpu-limit
        -O
        --osscan-limit
        --osscan-guess
        --fuzzy
        --max-os-tries
        -T
        --timing
        --min-rate
        --max-rate
        --min-parallelism
        --max-parallelism
        --initial-rtt-timeout
        --min-rtt-timeout
        --max-rtt-timeout
        --max-retries
        --host-timeout
        --scan-delay
        --max-scan-delay
        --defeat-rst-ratelimit
        --defeat-icmp-ratelimit
        --min-hostgroup
        --max-hostgroup
        --nsock-engine
        --send-ip
        -S
        -e
        -g
        --source-port
        --data
        --data-string
        --data-length
        --ttl
        --badsum
        -oN
        -oX
        -oG
        -oJ
        -oA
        --report
        --store
        --append-output
        -v
        --verbose
        -d
        --debug
        --open
        --reason
        --packet-trace
        --stats-every
        --stylesheet
        --webxml
        --no-stylesheet
        --noninteractive
        --log-errors
        -oM
        --iflist
        --datadir
        --privileged
        --unprivileged
        --release-memory
        -V
        --version
        -h
        --help
        -A
    )
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${names[*]}" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
        if (( COMP_CWORD == 1 )); then
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY \
                < <(compgen -W 'convert diff doc resume script show' -- "$cur")
        fi
    fi
}
complete -o filenames -F _nseer nseer
