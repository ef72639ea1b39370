# What the bits of a status column mean (-V, -L), from what t2 --describe prints.
#
# T2_BITS: lines "column=value" or "column". A number that is no column of bits is passed over where T2_BITS_LOG is set.

function add(bit, text) {
    if (!((column, 0) in words)) columns[++column_count] = column
    words[column, 0] = ++words_of[column]
    mask[column, words_of[column]] = strtonum(bit)
    meaning[column, words_of[column]] = text
    if (length(bit) - 2 > digits[column] + 0) digits[column] = length(bit) - 2
}
function grouped(n, width,    text, out) {
    text = sprintf("%0*x", width, n)
    while (length(text) > 4) { out = " " substr(text, length(text) - 3) out; text = substr(text, 1, length(text) - 4) }
    return "0x" text out
}
function position(n,    i) { for (i = 0; n > 1; i++) n = int(n / 2); return i }

function explain(name, value,    i, n, all, number, rest, width, shown) {
    if (!(name in words_of)) return 0
    all = value == ""
    if (!all && value !~ /^(0[xX][0-9A-Fa-f]+|[0-9]+)$/) { print "tawk: '" value "' is no number" > "/dev/stderr"; failed = 1; return 1 }
    number = value ~ /^0[xX]/ ? strtonum(value) : value + 0
    if (all) print "The " name " column is to be interpreted as follows:\n"
    else print "The " name " column with value " value " is to be interpreted as follows:\n"
    width = digits[name]
    printf "    bit | %-*s | Description\n    ", length(grouped(0, width)), name
    for (i = 0; i < 72; i++) printf "="
    print ""
    rest = number
    for (i = 1; i <= words_of[name]; i++) {
        if (!all && and(number, mask[name, i]) != mask[name, i]) continue
        if (!all) rest = and(rest, compl_of(mask[name, i]))
        printf "    %3d | %s | %s\n", position(mask[name, i]), sprintf("%-*s", length(name), grouped(mask[name, i], width)), meaning[name, i]
        shown++
    }
    if (!all && rest) printf "        | %-*s | (not used)\n", length(name), grouped(rest, width)
    if (!all && !number) print "    no bit is set"
    print ""
    return 1
}
function compl_of(n) { return 2 ^ 64 - 1 - n }

# A column, then its bits; both behind the title of a list of columns.
/^  Columns of / { in_columns = 1; next }
/^ ? ?[^ ]/ { in_columns = 0; next }
in_columns && /^    [^ ]/ { column = $1; next }
in_columns && /^      0x/ {
    bit = $1
    text = $0
    sub(/^ *0x[0-9a-f]* */, "", text)
    add(bit, text)
}
END {
    if (column_count == 0) { print "tawk: no plugin with status columns is installed: run t2build" > "/dev/stderr"; exit 1 }
    n = split(ENVIRON["T2_BITS"], asked, "\n")
    for (i = 1; i <= n; i++) {
        if (asked[i] == "") continue
        name = asked[i]
        value = ""
        if (at = index(name, "=")) { value = substr(name, at + 1); name = substr(name, 1, at - 1) }
        if (!explain(name, value) && !ENVIRON["T2_BITS_LOG"]) {
            failed = 1
            list = ""
            asort(columns)
            for (k = 1; k in columns; k++) list = list (k > 1 ? " " : "") columns[k]
            print "tawk: '" name "' is no column of bits of the installed plugins; these are: " list > "/dev/stderr"
        }
    }
    exit failed
}
