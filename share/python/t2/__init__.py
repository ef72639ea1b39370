"""Flow files of Tranalyzer as pandas DataFrames, with the types that the headers file names.

    import t2
    flows = t2.run("capture.pcap")                # runs the program
    flows = t2.read_flows("capture_flows.txt")    # reads what it wrote

Integers are integers, flags in hex unsigned integers, times datetime64[ns], durations timedelta64[ns], lists Python lists, values of several
parts tuples, addresses text.
"""

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import pandas as pd

__all__ = ["Error", "read_flows", "run"]

_SIZES = {"8": "8", "16": "16", "32": "32", "64": "64"}
# The type of times and durations is the same in the headers file: these names have durations.
_DURATION = re.compile(r"duration|IAT|Trip", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|[^;]+|(?<=;)(?=;|$)|^(?=;)')


class Error(Exception):
    """What the program or a file is wrong with, in one line."""


def read_flows(path, headers=None):
    """The flows of a flow file (PREFIX_flows.txt, also .gz, .zst and CSV) as a DataFrame.

    headers: the file that describes the columns; by default PREFIX_headers.txt beside the flow file.
    """
    path = Path(path)
    headers = Path(headers) if headers else _headers_of(path)
    types = _read_types(headers)
    text = _read_text(path)
    first = text[: text.find("\n") if "\n" in text else len(text)]
    tabs = "\t" in first or first.startswith("%")
    table = pd.read_csv(
        io.StringIO(text),
        sep="\t" if tabs else _separator(first),
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
    )
    table.columns = [name.lstrip("%") for name in table.columns]
    unknown = [name for name in table.columns if name not in types]
    if unknown:
        raise Error(f"{headers} does not describe the columns {', '.join(unknown)} of {path}")
    return pd.DataFrame({name: _column(table[name], name, types[name], tabs) for name in table.columns})


def run(pcap, *words, program=None, plugins=None, output=None):
    """Runs the program on a capture and returns its flows.

    pcap: a capture, or a list of captures. words: further options and the filter, as on the command line.
    program: by default t2 on PATH, or that of the tree that this package lies in. plugins: the folder of the plugins.
    output: prefix of the files to keep; by default they are removed again.
    """
    captures = [pcap] if isinstance(pcap, (str, os.PathLike)) else list(pcap)
    command = [str(program or _program()), "-r", *map(str, captures)]
    with tempfile.TemporaryDirectory(prefix="t2-") as scratch:
        prefix = str(output) if output else os.path.join(scratch, "run")
        command += ["-w", prefix]
        if plugins is not None:
            command += ["-p", str(plugins)]
        command += map(str, words)
        # the files' names and form, whatever the user's settings say
        settings = {"TFS_FLOWS_TXT_SUFFIX": "_flows.txt", "TFS_HEADER_SUFFIX": "_headers.txt", "TFS_CSV": "0", "TFS_ISO_TIMES": "0", "TFS_JOIN_AB": "0"}
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", env={**os.environ, **settings})
        problem = result.stderr.strip().replace("[ERR] ", "")
        if result.returncode not in (0, 2, 3):
            raise Error(f"{' '.join(command)}: {problem or 'status ' + str(result.returncode)}")
        if result.returncode != 0:
            warnings.warn(problem or f"status {result.returncode}", stacklevel=2)
        flows = [Path(prefix + "_flows.txt" + suffix) for suffix in ("", ".gz", ".zst")]
        found = [file for file in flows if file.exists()]
        if not found:
            raise Error("no flow file was written: the plugin txtSink is missing (t2build txtSink)")
        return read_flows(found[0], prefix + "_headers.txt")


def _program():
    found = shutil.which("t2")
    if found:
        return found
    beside = Path(__file__).resolve().parents[3] / "scripts" / "t2"
    if beside.exists():
        return beside
    raise Error("there is no t2 on PATH: run scripts/setup links, or name the program")


def _headers_of(path):
    name = re.sub(r"\.(gz|zst)\d*$", "", path.name)
    name = re.sub(r"_flows\.(txt|csv)\d*$", "_headers.txt", name)
    headers = path.with_name(name)
    if name == path.name or not headers.exists():
        raise Error(f"there is no headers file for {path}: name it with headers=")
    return headers


def _read_types(headers):
    types = {}
    with open(headers, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if not line.startswith("#") and len(cells) >= 4:
                types[cells[2]] = cells[1]
    if not types:
        raise Error(f"{headers} has no types of columns: it is not a headers file, or TFS_NC_TYPE is 0")
    return types


def _read_text(path):
    data = path.read_bytes()  # parts of -W have a number behind .gz: the content says what it is
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        zstd = shutil.which("zstd")
        if not zstd:
            raise Error(f"{path} is compressed with zstd, which is not installed")
        unpacked = subprocess.run([zstd, "-dcq"], input=data, capture_output=True)
        if unpacked.returncode != 0:
            raise Error(f"{path} is damaged: {unpacked.stderr.decode('utf-8', 'replace').strip()}")
        data = unpacked.stdout
    elif data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError) as e:
            raise Error(f"{path} is damaged: {e}") from None
    return data.decode("utf-8", "replace")


def _separator(first):
    return max(",;|", key=first.count)


def _column(cells, name, code, quoted):
    repeated = code.endswith(":R")
    parts = code[:-2].split("_") if repeated else code.split("_")
    parse = [_parser(part, name, quoted) for part in parts]
    whole = parse[0] if len(parts) == 1 else (lambda cell: _compound(cell, parts, parse))
    if repeated:
        return pd.Series([[whole(item) for item in _items(cell)] for cell in cells], index=cells.index, dtype=object)
    if len(parts) > 1:
        return pd.Series([whole(cell) for cell in cells], index=cells.index, dtype=object)
    if code == "U64.U32":
        nanoseconds = pd.Series([_nanoseconds(cell) for cell in cells], index=cells.index, dtype="int64")
        return pd.to_timedelta(nanoseconds, unit="ns") if _DURATION.search(name) else pd.to_datetime(nanoseconds, unit="ns", utc=False)
    values = [whole(cell) for cell in cells]
    if code[0] in "IUH" and code[1:] in _SIZES:
        kind = ("int" if code[0] == "I" else "uint") + code[1:]
        if None in values:  # the other direction of a joined row is missing
            return pd.Series(values, index=cells.index, dtype=kind.replace("int", "Int").replace("uInt", "UInt"))
        return pd.Series(values, index=cells.index, dtype=kind)
    if code in ("F", "D"):
        return pd.Series(values, index=cells.index, dtype="float64")
    return pd.Series(values, index=cells.index, dtype=object)


def _parser(code, name, quoted):
    if code[0] in "IU" and code[1:] in _SIZES:
        return lambda cell: int(cell) if cell else None
    if code[0] == "H" and code[1:] in _SIZES:
        return lambda cell: int(cell, 16) if cell else None
    if code in ("F", "D"):
        return lambda cell: float(cell) if cell else None
    if code == "U64.U32":
        kind = pd.Timedelta if _DURATION.search(name) else pd.Timestamp
        return lambda cell: kind(_nanoseconds(cell), unit="ns")
    if code == "S" and quoted:
        return _unquote
    return lambda cell: cell


def _nanoseconds(cell):
    if not cell:
        return pd.NaT.value
    seconds, _, fraction = cell.lstrip("-").partition(".")
    value = int(seconds) * 1_000_000_000 + int((fraction + "000000000")[:9])
    return -value if cell.startswith("-") else value


def _items(cell):
    if not cell:
        return []
    return _QUOTED.findall(cell) if '"' in cell else cell.split(";")


def _compound(cell, codes, parse):
    if not cell:
        return None
    cells = cell.split("_")
    if len(cells) > len(codes):  # a text with '_' in it: all that is too much belongs to it
        texts = [i for i, code in enumerate(codes) if code in ("S", "SC")]
        if len(texts) != 1:
            return cell
        at, more = texts[0], len(cells) - len(codes)
        cells[at : at + more + 1] = ["_".join(cells[at : at + more + 1])]
    return tuple(convert(part) for convert, part in zip(parse, cells))


def _unquote(cell):
    try:
        return json.loads(cell.replace("\\v", "\\u000b"), strict=False)
    except ValueError:
        return cell
