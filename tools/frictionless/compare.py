#!/usr/bin/env python3
"""Compares our verdicts on cells with those of frictionless-py under one Table Schema made from the catalogue.

Every cell is invented by this file. A difference counts as explained only if the cell itself shows its cause, judged by
code of this file; docs/frictionless-differences.md says why for each. Exit code 1: a difference without an explanation,
or an explanation that never came up.
"""

import argparse
import csv
import datetime
import io
import json
import random
import re
import subprocess
import sys
import unicodedata
from collections import Counter

from frictionless import Resource, Schema

PLACEHOLDERS = {"/", "\\", "-", "--", "—", "——", "－", "／", "无", "NULL", "null", "Null", "N/A", "n/a"}
NO_END = {"长期", "长期有效", "永久", "永久有效", "无固定期限"}
HAN = "测试甲乙丙丁市监管局处罚决定"


# --- generation ------------------------------------------------------------------------------------------------------


def some_day(rng):
    year, month, day = rng.randrange(1850, 2101), rng.randrange(0, 14), rng.randrange(0, 33)
    if rng.random() < 0.7:
        month, day = rng.randrange(1, 13), rng.randrange(1, 29)
    form = rng.choice(["{:04}-{:02}-{:02}"] * 8 + ["{:04}/{:02}/{:02}", "{:04}.{}.{}", "{:04}{:02}{:02}", "{}年{}月{}日", "{}-{}-{}", "{:04}-{:02}-{:02} 10:30"])
    return form.format(year, month, day)


def some_number(rng):
    kind = rng.randrange(12)
    whole = str(rng.randrange(10 ** rng.randrange(1, 15)))
    if kind < 5:
        return whole
    if kind < 8:
        return whole + "." + str(rng.randrange(1, 10 ** rng.randrange(1, 9)))
    if kind == 8:
        return "-" + whole
    if kind == 9:
        return f"{int(whole):,}"
    if kind == 10:
        return rng.choice([whole + "万元", "00" + whole, whole + ".", "." + whole[:6], "+" + whole, whole + ".50"])
    return rng.choice(["1e5", "NaN", "Infinity", "-INF", "１２", "0x1f", "１２.５", "1 000", "1.2.3"])


def some_text(rng, length):
    size = max(0, length + rng.choice([-3, -1, 0, 0, 1, 2, 9])) if rng.random() < 0.4 else rng.randrange(1, 7)
    return "".join(rng.choice(HAN) for _ in range(size))


def some_code(rng, words):
    word = rng.choice(words)
    return word if rng.random() < 0.8 else rng.choice([word + "x", word[:-1], word.lower(), f" {word}", f"{word} ", "其它值", "99"])


def dirty(rng, text):
    kind = rng.randrange(60)
    if kind < 3:
        return ""
    if kind == 3:
        return rng.choice(sorted(PLACEHOLDERS))
    if kind == 4:
        return rng.choice([" ", "\t", "\u3000", "\ufeff", "\u200b"]) + text
    if kind == 5:
        return text + rng.choice([" ", "\u00a0", "\n"])
    if kind == 6:
        return text + rng.choice(["\x07", "\ufffd", "\x85", "\u202e", "\u2066"])
    if kind == 7:
        return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    if kind == 8:
        return rng.choice(["   ", "\u3000", "长期", "00000000000000000X"])
    return text


def some_cell(rng, field):
    constraints = field.get("constraints", {})
    if field["type"] == "date":
        text = some_day(rng)
    elif "pattern" in field["constraints"]:
        text = some_number(rng)
    elif "enum" in constraints:
        text = some_code(rng, constraints["enum"])
    else:
        text = some_text(rng, constraints["maxLength"])
    return dirty(rng, text)


# --- verdicts --------------------------------------------------------------------------------------------------------


def their_verdicts(schema, text):
    resource = Resource(data=text.encode(), format="csv", schema=Schema.from_descriptor(schema), encoding="utf-8")
    cells = {}
    with resource:
        for row in resource.row_stream:
            for error in row.errors:
                cells.setdefault(row.row_number, {})[getattr(error, "field_number", 0)] = error.type
    return cells


def our_verdicts(binary, item, text):
    out = subprocess.run([binary, item], input=text.encode(), capture_output=True, check=True).stdout.decode()
    return [dict((int(n), code) for n, code in (pair.split(":") for pair in line.split())) for line in out.split("\n")[:-1]]


# --- explanations: each looks at the cell itself ---------------------------------------------------------------------


# Bidi_Control of Unicode.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def trimmed(text):
    return text.strip().strip("\u200b\u2060\ufeff").strip()


def narrow(text):
    return "".join(" " if c == "\u3000" else chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text)


def is_day(text):
    found = re.match(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2})|年(\d{1,2})月(\d{1,2})日?)(?: \d{1,2}:\d{2})?$", narrow(text))
    if not found:
        return False
    year, month, day = int(found[1]), int(found[3] or found[5] or found[7]), int(found[4] or found[6] or found[8])
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return year >= 1900


def explain(field, cell, ours, theirs):
    constraints = field["constraints"]
    core = trimmed(cell)
    if ours and not theirs:
        if any(unicodedata.category(c) == "Cc" and c not in "\t\n\r" or c == "\ufffd" or c in TURNING for c in core):
            return "F1 a control character, one that turns the direction, or the mark of a lost one: we refuse"
        if constraints["required"] and not core and cell:
            return "F2 white space alone in a required cell: we call it empty"
        if field["type"] == "date" and re.match(r"1[0-8]", core):
            return "F3 a day before 1900: we refuse"
    if theirs and not ours:
        if core in PLACEHOLDERS or core == "00000000000000000X" or (not core and not constraints["required"]):
            return "F4 a placeholder for nothing: they read it as a value"
        if field["type"] == "date" and (is_day(core) or core in NO_END):
            return "F5 a day in another form of the field"
        if "pattern" in field["constraints"] and re.fullmatch(r"[0-9][0-9,]*(\.[0-9]+)?|\.[0-9]+|[0-9]+(\.[0-9]+)?万元", narrow(core).replace(" ", "")):
            return "F6 an amount with separators, zeros, unit or full width: we fold it"
        if "enum" in constraints and fold(core) in {fold(word) for word in constraints["enum"]}:
            return "F7 a word of the list in another width or case, or with white space: we fold it"
        if "maxLength" in constraints and len(core) <= constraints["maxLength"] < len(cell):
            return "F8 white space at the edges: we do not count it"
    return None


def fold(text):
    return "".join(narrow(text).upper().split())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the example check_cells")
    parser.add_argument("--item", default="ITM-PENALTY")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=39445)
    options = parser.parse_args()

    schema = json.loads(subprocess.run([options.binary, options.item, "schema"], capture_output=True, check=True).stdout)
    fields = schema["fields"]
    rng = random.Random(options.seed)
    rows = [[some_cell(rng, field) for field in fields] for _ in range(options.count)]
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([field["name"] for field in fields])
    writer.writerows(rows)
    ours = our_verdicts(options.binary, options.item, file.getvalue())
    if len(ours) != len(rows):
        sys.exit(f"{len(rows)} rows, {len(ours)} verdicts")
    theirs = their_verdicts(schema, file.getvalue())

    agreed, explained, unexplained = Counter(), Counter(), []
    for number, row in enumerate(rows):
        their_row = theirs.get(number + 2, {})
        for at, cell in enumerate(row):
            our, their = ours[number].get(at + 1), their_row.get(at + 1)
            if bool(our) == bool(their):
                agreed["refused" if our else "taken"] += 1
            elif reason := explain(fields[at], cell, our, their):
                explained[reason] += 1
            else:
                unexplained.append((fields[at]["name"], cell, our, their))
    for verdict, count in sorted(agreed.items()):
        print(f"{count:7} agreed: {verdict}")
    for reason, count in sorted(explained.items()):
        print(f"{count:7} {reason}")
    for name, cell, our, their in unexplained[:20]:
        print(f"unexplained: {name} {cell[:60]!r}: ours {our}, theirs {their}", file=sys.stderr)
    print(f"{len(rows)} rows, {len(rows) * len(fields)} cells, {sum(agreed.values())} agreed, {sum(explained.values())} explained, {len(unexplained)} unexplained")
    missing = {f"F{i}" for i in range(1, 9)} - {reason.split()[0] for reason in explained}
    if missing:
        print(f"explanations that never came up: {sorted(missing)}", file=sys.stderr)
    sys.exit(1 if unexplained or missing else 0)


if __name__ == "__main__":
    main()
