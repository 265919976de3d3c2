#!/usr/bin/env python3
"""Compares our verdicts on identity numbers and credit codes with those of python-stdnum.

Every number is invented: made from random parts by this file, never read from anywhere. A difference counts as
explained only if the parts of the number show its cause; docs/stdnum-differences.md says why for each. Exit code 1:
a difference without an explanation, or an explanation that never came up.
"""

import argparse
import datetime
import random
import subprocess
import sys
from collections import Counter

from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71}
REFUSED, CRASHED = "refused", "crashed"


def ric_check(body):
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS)) % 11]


def uscc_check(body):
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return ALPHABET[(31 - total % 31) % 31]


def is_day(text):
    try:
        datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return False
    return True


# --- generation ------------------------------------------------------------------------------------------------------


# Areas that their table mostly has, so that most numbers are compared to the end.
SUFFIXES = ("0101", "0102", "0103", "0202", "0302", "0402", "0502")


def some_area(rng):
    kind = rng.random()
    if kind < 0.1:
        return "370199"
    if kind < 0.6:
        return f"{rng.choice(sorted(PROVINCES))}{rng.choice(SUFFIXES)}"
    if kind < 0.65:
        return rng.choice(["370102", "370181", "371202", "110105", "110103", "440524", "500101", "659004"])
    if kind < 0.75:
        return rng.choice(["810000", "820000", "830000", "810101", "911840", "937156", "710000"])
    if kind < 0.85:
        return f"{rng.choice(sorted(PROVINCES))}{rng.randrange(10000):04}"
    return f"{rng.randrange(1000000):06}"


def some_birth(rng):
    if rng.random() < 0.8:
        return f"{rng.randrange(1900, 2027)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    return f"{rng.randrange(1700, 2200):04}{rng.randrange(14):02}{rng.randrange(33):02}"


def some_ric(rng):
    body = f"{some_area(rng)}{some_birth(rng)}{rng.randrange(1000):03}"
    return body + ric_check(body)


def some_uscc(rng):
    kind = rng.choice(["11", "12", "51", "52", "53", "91", "92", "93", "A1", "N1", "Y1", rng.choice(ALPHABET) + rng.choice(ALPHABET)])
    area = "370199" if rng.random() < 0.8 else f"{rng.randrange(1000000):06}"
    body = kind + area + "".join(rng.choice(ALPHABET) for _ in range(9))
    return body + uscc_check(body)


def mutate(rng, text):
    """One slip of a hand, a spreadsheet or a converter."""
    place = rng.randrange(len(text))
    how = rng.randrange(12)
    if how == 0:
        return text[:place] + rng.choice("0123456789X") + text[place + 1 :]
    if how == 1 and place + 1 < len(text):
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if how == 2:
        return text.lower()
    if how == 3:
        return text[:place] + rng.choice(" -") + text[place:]
    if how == 4:
        return text[:place] + text[place + 1 :]
    if how == 5:
        return text[:place] + rng.choice("0123456789") + text[place:]
    if how == 6:
        return text[:place] + rng.choice("IOSVZ!#") + text[place + 1 :]
    if how == 7:
        return text[:place] + chr(ord(text[place]) + 0xFEE0) + text[place + 1 :]
    if how == 8:
        return rng.choice([" ", "\t", "\u3000"]) + text
    if how == 9:
        return text + rng.choice([" ", "\t", "\u3000", "\u00a0"])
    if how == 10:
        return text[:6] + text[8:17]
    return rng.choice(["", "0" * 17 + "X", "0" * 18, "1" * 18, "X" * 18, "٣" + text[1:]])


def generate(count, seed):
    rng = random.Random(seed)
    for i in range(count):
        kind, make = (("ric", some_ric), ("uscc", some_uscc))[i % 2]
        text = make(rng)
        if rng.random() < 0.5:
            text = mutate(rng, text)
        yield kind, text


# --- verdicts --------------------------------------------------------------------------------------------------------


def their_verdict(kind, text):
    try:
        return "ok " + {"ric": ric, "uscc": uscc}[kind].validate(text)
    except ValidationError:
        return REFUSED
    except Exception:  # noqa: BLE001 - a crash is a verdict that we report
        return CRASHED


def our_verdicts(binary, cases):
    lines = "".join(f"{kind} {text}\n" for kind, text in cases)
    out = subprocess.run([binary], input=lines.encode(), capture_output=True, check=True).stdout.decode()
    return out.splitlines()


# --- explanations: each looks at the parts of the number itself ------------------------------------------------------


def is_sound_ric(text):
    """What GB 11643 says, but for the area: 17 digits, a right check character, a day of the calendar."""
    return (
        len(text) == 18
        and text.isascii()
        and text[:17].isdigit()
        and text[17].upper() == ric_check(text[:17])
        and is_day(text[6:14])
    )


def knows_area(text):
    """Whether their table has the area for the year of birth, asked of the table and not of `validate`."""
    properties = {}
    for _, found in numdb.get("cn/loc").info(text[:6]):
        properties.update(found)
    if "county" not in properties:
        return "crash" if properties else "no"
    year = int(text[6:10])
    for county in properties["county"].split(","):
        if not county.startswith("["):
            return "yes"
        start, end = county[1:].split("]")[0].split("-")
        if (not start or year >= int(start)) and (not end or year <= int(end)):
            return "yes"
    return "no"


def explain_ric(text, ours, theirs):
    compact = ric.compact(text)
    if not ours.startswith("ok ") and theirs == CRASHED and is_sound_ric(compact) and knows_area(compact) == "crash":
        return "D1 their table knows the province and not the area: they crash"
    year_is_ours = text[6:10].isdigit() and 1800 <= int(text[6:10]) <= 2100
    if is_sound_ric(text):
        if theirs == CRASHED and knows_area(text) == "crash":
            return "D1 their table knows the province and not the area: they crash"
        if ours.startswith("ok ") and theirs == REFUSED and knows_area(text) == "no":
            return "D2 their table has no such area for the year of birth: they refuse"
        if ours == "Date" and not year_is_ours and theirs.startswith("ok "):
            return "D3 born before 1800 or after 2100: we refuse"
    elif ours == "Shape" and theirs.startswith("ok ") and is_sound_ric(theirs[3:]):
        return "D4 space at the edge or a digit in another width: they fold, our inner type does not"
    return None


def folded(text):
    """Edges trimmed, width folded, upper case: what we do before we look."""
    narrow = (chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text.strip("\ufeff\u200b\u2060 \t\u3000\u00a0"))
    return "".join(narrow).upper()


def is_sound_uscc(text):
    """What GB 32100 says: the alphabet, a numeric area, a right check character."""
    return (
        len(text) == 18 and all(c in ALPHABET for c in text) and text[2:8].isdigit() and text[17] == uscc_check(text[:17])
    )


def explain_uscc(text, ours, theirs):
    code = folded(text)
    if ours == "None" and theirs == "ok " + "0" * 18:
        return "D5 eighteen zeros: a placeholder for us, a code for them"
    if ours.startswith("ok ") and theirs == REFUSED and is_sound_uscc(code):
        if not code[:2].isdigit():
            return "D6 a letter among the first two characters: they refuse, GB 32100 allows"
        if code != text.strip().upper():
            return "D7 a letter in full width: we fold, they do not"
    if ours == "Shape" and theirs.startswith("ok ") and is_sound_uscc(theirs[3:]):
        if code.replace(" ", "").replace("-", "") == theirs[3:]:
            return "D8 a space or hyphen inside: they drop it, we refuse"
    return None


EXPLAIN = {"ric": explain_ric, "uscc": explain_uscc}


def agrees(ours, theirs):
    return ours == theirs if ours.startswith("ok ") else theirs == REFUSED


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the example check_numbers")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=11643)
    options = parser.parse_args()

    cases = list(generate(options.count, options.seed))
    ours = our_verdicts(options.binary, cases)
    if len(ours) != len(cases):
        sys.exit(f"{len(cases)} numbers, {len(ours)} verdicts")
    agreed, explained, unexplained = Counter(), Counter(), []
    for (kind, text), our in zip(cases, ours):
        their = their_verdict(kind, text)
        if agrees(our, their):
            agreed[kind, "valid" if our.startswith("ok ") else "refused"] += 1
        elif reason := EXPLAIN[kind](text, our, their):
            explained[reason] += 1
        else:
            unexplained.append((kind, text, our, their))
    for (kind, verdict), number in sorted(agreed.items()):
        print(f"{number:7} agreed: {kind} {verdict}")
    for reason, number in sorted(explained.items()):
        print(f"{number:7} {reason}")
    for kind, text, our, their in unexplained[:20]:
        print(f"unexplained: {kind} {text!r}: ours {our}, theirs {their}", file=sys.stderr)
    print(f"{len(cases)} numbers, {sum(agreed.values())} agreed, {sum(explained.values())} explained, {len(unexplained)} unexplained")
    missing = {f"D{i}" for i in range(1, 9)} - {reason.split()[0] for reason in explained}
    if missing:
        print(f"explanations that never came up: {sorted(missing)}", file=sys.stderr)
    sys.exit(1 if unexplained or missing else 0)


if __name__ == "__main__":
    main()
