# Values as JSON: decimal numbers are numbers, all else is text. Cells that are texts in quotes already keep their escapes.

function _t2_json_value(v) {
    if (v ~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/) return v
    if (v ~ /^"([^"\\]|\\.)*"$/) {
        gsub(/\\v/, "\\u000b", v)
        return v
    }
    return _t2_json_text(v)
}
function _t2_json_text(v,    i, c, text) {
    gsub(/\\/, "\\\\", v)
    gsub(/"/, "\\\"", v)
    gsub(/\t/, "\\t", v)
    gsub(/\r/, "\\r", v)
    if (v ~ /[\x01-\x1f\x7f]/) {
        for (i = 1; i <= length(v); i++) {
            c = substr(v, i, 1)
            if (c ~ /[\x01-\x1f\x7f]/) c = sprintf("\\u%04x", _t2_byte_number(c))
            text = text c
        }
        v = text
    }
    return "\"" v "\""
}

function _t2_byte_number(c,    i) {
    if (!("a" in _t2_byte_numbers)) for (i = 0; i < 256; i++) _t2_byte_numbers[sprintf("%c", i)] = i
    return _t2_byte_numbers[c]
}
