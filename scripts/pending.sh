# What was changed since it was built: flags, sources, or a plugin folder that has another build.
#
# t2build records with which flags it built. Needs lib.sh, flags.sh, and the plugin folder in `folder`.
# shellcheck shell=bash disable=SC2154 # folder and failed are those of t2build

load_all_flags() { # NAME...: of them and of all that their builds depend on
    local name other
    for name in "$CORE" "$@"; do
        is_component "$name" || continue
        for other in $(inputs_of "$name"); do load_flags "$other"; done
    done
}
inputs_of() { # NAME: the components whose flags decide about its build
    printf '%s\n' "$CORE"
    if [ "$1" != "$CORE" ]; then printf '%s\n' "$1"; plugin_peeks "$1"; fi
}
# The flags of the core that plugins are built with: the list T2_SHARED_FLAGS of core/cmake/t2.cmake.
shared_flags=" $(sed -n '/^set(T2_SHARED_FLAGS/,/)/{s/^set(T2_SHARED_FLAGS//;s/)//;p}' "$ROOT/core/cmake/t2.cmake" 2>/dev/null | xargs) "

flags_of() { # NAME: a line `COMPONENT: FLAG = VALUE` for each of these flags, sorted
    local component name
    for component in $(inputs_of "$1"); do
        for name in ${flag_names[$component]}; do
            [ "$component" != "$CORE" ] || [ "$1" = "$CORE" ] || [[ $shared_flags = *" $name "* ]] || continue
            printf '%s: %s = %s\n' "$component" "$name" "${flag_value[$component:$name]-?}"
        done
    done | sort
}
result_of() { # NAME: what the build makes of it
    if [ "$1" = "$CORE" ]; then printf '%s\n' "$BUILD/tranalyzer"; else printf '%s\n' "$BUILD/plugins/$(plugin_number "$1")_$1.so"; fi
}
record_of() { printf '%s\n' "$BUILD/flags/$1"; } # NAME: the flags it was built with

pending() { # NAME: prints in a few words why what is there is not what would be built; nothing: it is, or it was not built here
    local result record changed sources
    is_component "$1" || return 0
    result=$(result_of "$1") record=$(record_of "$1")
    [ -f "$result" ] && [ -f "$record" ] || return 0
    mapfile -t changed < <(flags_of "$1" | comm -13 -- "$record" -)
    sources=("$ROOT/core/include" "$(component_folder "$1")")
    ! grep -qsw t2text "$(component_folder "$1")/CMakeLists.txt" || sources+=("$ROOT/core/text")   # what sinks share
    changed=("${changed[@]#*: }")
    if [ ${#changed[@]} -gt 2 ]; then echo "${#changed[@]} flags"
    elif [ ${#changed[@]} -gt 0 ]; then echo "${changed[0]}${changed[1]+, ${changed[1]}}"
    elif [ -n "$(find "${sources[@]}" \( -name '*.cpp' -o -name '*.hpp' \) -newer "$result" -print -quit)" ]; then echo 'its source'
    elif [ "$1" != "$CORE" ] && ! cmp -s -- "$result" "$folder/${result##*/}"; then echo 'another build is in the folder'
    fi
}

say_unbuilt_flags() { # of what t2build has built: flags whose values are not those of the build
    local record name changed text=''
    for record in "$BUILD"/flags/*; do
        name=${record##*/}
        is_component "$name" && load_all_flags "$name" || continue
        mapfile -t changed < <(flags_of "$name" | comm -13 -- "$record" -)
        [ ${#changed[@]} -eq 0 ] || text+=", ${changed[0]#*: } of ${changed[0]%%: *}"
        [ ${#changed[@]} -le 1 ] || text+=" and more"
    done
    [ -z "$text" ] || warn "Changed and not built: ${text#, }; run 't2build -R'"
}
say_pending() { # NAME...: of these plugins and the core, what was changed and is not built
    local name reason text='' advice=t2build
    load_all_flags "$@"
    for name in "$CORE" "$@"; do
        reason=$(pending "$name")
        [ -n "$reason" ] && [[ " ${failed[*]} " != *" $name "* ]] || continue
        text+=", $name ($reason)" advice+=" $name"
    done
    [[ $advice != *" $CORE "* ]] || advice='t2build -R'
    [ -z "$text" ] || warn "Changed and not built: ${text#, }; run '$advice'"
}
