# Rows with a row of titles, cells between tabs, as CSV (RFC 4180) or as JSON, an object a line. Reads what a program printed.

function csv(cell) {
    if (cell ~ /[",\r]/) {
        gsub(/"/, "\"\"", cell)
        return "\"" cell "\""
    }
    return cell
}

BEGIN { FS = "\t" }
/^#/ && !titles { next }
NR == 1 || !titles {
    titles = 1
    sub(/^%/, "")
    for (i = 1; i <= NF; i++) name[i] = $i
    if (ENVIRON["T2_CONVERT"] == "json") next
}
ENVIRON["T2_CONVERT"] == "csv" {
    for (i = 1; i <= NF; i++) printf "%s%s", (i > 1 ? "," : ""), csv($i)
    print ""
    next
}
{
    for (i = 1; i <= NF; i++) printf "%s%s:%s", (i > 1 ? "," : "{"), _t2_json_text(i in name ? name[i] : i), _t2_json_value($i)
    print "}"
}
