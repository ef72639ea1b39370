# Columns by name: finds the row of titles, and gives each variable of the program that is named like a column its number.
#
# What the user's program sees: COL["srcIP"] is a number, COL[14] a name, $srcIP the cell. A row of titles counts as such
# once; the same row again (several files, `cat`) is passed over.

function _t2_fail(text) {
    print "tawk: " text > "/dev/stderr"
    _t2_failed = 1
    exit 1
}

# hdr(): true in the row of titles
function hdr() { return NR == _t2_title_row }

# Compressed files are read through a descriptor.
function _t2_file(name) {
    return index(name, "/dev/fd/") == 1 && ("T2_NAME_" substr(name, 9)) in ENVIRON ? ENVIRON["T2_NAME_" substr(name, 9)] : name
}
BEGINFILE { if (FILENAME != _t2_file(FILENAME)) FILENAME = _t2_file(FILENAME) }

# The name of a column as a variable can have it.
function _t2_name(cell) {
    gsub(/^[ "]+|[ "\r]+$/, "", cell)
    gsub(/[ -\/\[\]{}()]/, "_", cell)
    return cell ~ /^[0-9]/ ? "_" cell : cell
}

function _t2_read_titles(line, file,    n, i, cells, start, name) {
    start = ENVIRON["T2_TITLE_START"]
    if (start != "" && index(line, start) == 1) line = substr(line, length(start) + 1)
    sub(/^ +/, "", line)
    delete COL
    delete _t2_found
    n = ENVIRON["T2_CSV"] ? patsplit(line, cells) : split(line, cells, FS)
    for (i = 1; i <= n; i++) {
        name = _t2_name(cells[i])
        if (name == "") _t2_fail("column " i " of " file " has no name")
        COL[i] = name
        COL[name] = i
        if (name in SYMTAB && !(name in FUNCTAB) && PROCINFO["identifiers"][name] != "array" && name !~ _t2_own) SYMTAB[name] = i
    }
    for (i = split(ENVIRON["T2_COLUMNS"], cells, " "); i > 0; i--)
        if (!(cells[i] in COL) && cells[i] in SYMTAB && SYMTAB[cells[i]] == "")
            _t2_fail(file " has no column '" cells[i] "'" _t2_meant(cells[i]))
}

function _t2_meant(name,    i, found) {
    for (i = 1; i in COL && found == ""; i++) if (tolower(COL[i]) == tolower(name)) found = COL[i]
    for (i = 1; i in COL && found == ""; i++) if (index(tolower(COL[i]), tolower(name)) || index(tolower(name), tolower(COL[i])) > 0) found = COL[i]
    return found == "" ? ": tawk -l lists them" : ": did you mean '" found "'?"
}

# Are these cells names, so that the first line of a file can only be its titles?
function _t2_are_names(line,    n, i, cells) {
    n = ENVIRON["T2_CSV"] ? patsplit(line, cells) : split(line, cells, FS)
    for (i = 1; i <= n; i++) if (cells[i] !~ /^"?[A-Za-z_][A-Za-z0-9_. -]*"?\r?$/) return 0
    return n > 1 || (n == 1 && ENVIRON["T2_CSV"])
}

function _t2_is_title(line, row,    start) {
    if (ENVIRON["T2_TITLE_ROW"] != "") return row == ENVIRON["T2_TITLE_ROW"] + 0
    start = ENVIRON["T2_TITLE_START"]
    if (start == "") return row == 1
    if (index(line, start) == 1 && substr(line, length(start) + 1) ~ /^ *[A-Za-z(_]/) return 1
    return row == 1 && _t2_are_names(line)
}

# Columns are known before the program's own BEGIN where the titles are in a file.
function _t2_titles_of(file,    line, row, ended) {
    while ((getline line < file) > 0 && ++row < 1000)
        if (_t2_is_title(line, row)) {
            _t2_read_titles(line, _t2_file(file))
            ended = 1
            break
        }
    close(file)
    return ended
}

# _validate_col("a;b;c"[, fallback]): number of the first of these columns that there is; an error where there is none
function _validate_col(list, fallback,    n, i, names) {
    if (list in _t2_found) return _t2_found[list]
    n = split(list, names, ";")
    for (i = 1; i <= n; i++) if (names[i] in COL) return _t2_found[list] = COL[names[i]]
    if (fallback != "") return fallback
    if (n == 1) _t2_fail("Column '" list "' does not exist")
    gsub(/;/, "', '", list)
    _t2_fail("None of the columns '" list "' exists")
}

# The cell of the first column of a list that there is; in the row of titles its name.
function _t2_cell(list,    c) {
    c = _validate_col(list)
    return hdr() ? COL[c] : $c
}

BEGIN {
    _t2_own = "^(ARGC|ARGIND|ARGV|BINMODE|COL|CONVFMT|ENVIRON|ERRNO|FIELDWIDTHS|FILENAME|FNR|FPAT|FS|FUNCTAB|IGNORECASE|LINT|NF|NR|OFMT|OFS|ORS|PREC|PROCINFO|ROUNDMODE|RLENGTH|RS|RSTART|RT|SUBSEP|SYMTAB|TEXTDOMAIN|_t2_.*)$"
    _t2_title_row = -1
    delete COL
    delete _t2_found
    if (ENVIRON["T2_CSV"]) FPAT = "([^,]*)|(\"([^\"]|\"\")*\")"
    if (ENVIRON["T2_TITLES_FROM"] != "") _t2_known = _t2_titles_of(ENVIRON["T2_TITLES_FROM"])
}

{
    if (FNR == 1 && NR > 1) _t2_in_file = 0
    if (!_t2_in_file && _t2_is_title($0, FNR)) {
        _t2_in_file = 1
        sub(/\r$/, "")
        _t2_read_titles($0, FILENAME == "" ? "standard input" : FILENAME)
        if (ENVIRON["T2_NO_TITLES"] || _t2_title_row > 0) next
        _t2_title_row = NR
        _t2_title = $0
    } else if (!_t2_in_file && !_t2_known && /^#/) {
        next
    } else if ($0 == _t2_title || (ENVIRON["T2_TITLE_START"] != "" && index($0, ENVIRON["T2_TITLE_START"]) == 1 && _t2_is_title($0, FNR))) {
        _t2_read_titles($0, FILENAME == "" ? "standard input" : FILENAME)  # another sensor may have other columns
        next
    }
}
