"""Verifies a log of ours with nothing but RFC 6962, the C2SP documents, the standard library and an Ed25519 of others.

Usage: verify.py FOLDER; prints a line and fails if a verdict is not the expected one.
"""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LEAF_BYTES = 42
TILE = 256


class Refused(Exception):
    """It does not hold."""


def must(holds, why):
    if not holds:
        raise Refused(why)


def decode(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("base64") from error
    must(base64.b64encode(raw).decode() == text, "base64 in another form")
    return raw


def hashes(lines):
    out = [decode(line) for line in lines]
    must(all(len(one) == 32 for one in out), "length of a hash")
    return out


def number(text):
    must(text.isascii() and text.isdigit() and str(int(text)) == text, "number")
    return int(text)


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def open_checkpoint(text, vkey):
    """C2SP signed-note and tlog-checkpoint: size and root, signed by the key."""
    name, key_id, key = vkey.split("+", 2)
    key = decode(key)
    must(key[:1] == b"\1" and len(key) == 33, "type of the key")
    expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    must(expected.hex() == key_id, "id of the key")
    body, separator, signatures = text.rpartition("\n\n")
    must(separator and signatures.endswith("\n"), "form of a note")
    body += "\n"
    good = 0
    for line in signatures[:-1].split("\n"):
        must(line.startswith("\u2014 "), "signature line")
        signer, _, encoded = line[2:].partition(" ")
        raw = decode(encoded)
        must(len(raw) >= 5, "length of a signature")
        if signer == name and raw[:4] == expected:
            try:
                Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], body.encode())
            except InvalidSignature as error:
                raise Refused("signature") from error
            good += 1
    must(good > 0, "no signature by the key")
    lines = body.split("\n")
    must(len(lines) >= 4 and lines[0] == name, "origin")
    root = decode(lines[2])
    must(len(root) == 32, "length of the root")
    return number(lines[1]), root


def root_of_path(path, index, size, leaf):
    """RFC 6962 section 2.1.1, as RFC 9162 section 2.1.3.2 checks it."""
    must(index < size, "index")
    first, last, root = index, size - 1, leaf
    for step in path:
        must(last > 0, "too long a path")
        if first & 1 or first == last:
            root = node_hash(step, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = node_hash(root, step)
        first, last = first >> 1, last >> 1
    must(last == 0, "too short a path")
    return root


def check_steps(steps, old, old_root, new, new_root):
    """RFC 6962 section 2.1.2, as RFC 9162 section 2.1.4.2 checks it."""
    must(old <= new, "the log went back")
    if old == new:
        must(old_root == new_root and not steps, "two trees of one size")
        return
    must(old > 0 and steps, "no steps")
    if old & (old - 1) == 0:
        steps = [old_root, *steps]
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        must(last > 0, "too many steps")
        if first & 1 or first == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, step)
        first, last = first >> 1, last >> 1
    must(last == 0 and before == old_root and after == new_root, "steps")


def check(case):
    head, separator, checkpoint = case["proof"].partition("\n\n")
    must(separator, "no checkpoint")
    lines = head.split("\n")
    must(lines.pop(0) == "c2sp.org/tlog-proof@v1", "heading")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    must(lines and lines[0].startswith("index "), "no index")
    index = number(lines.pop(0)[len("index "):])
    path = hashes(lines)
    size, root = open_checkpoint(checkpoint, case["vkey"])
    leaf = decode(case["leaf"])
    must(len(leaf) == LEAF_BYTES, "length of the leaf")
    must(root_of_path(path, index, size, leaf_hash(leaf)) == root, "path")
    old = open_checkpoint(case["old"], case["vkey"])
    new = open_checkpoint(case["new"], case["vkey"])
    must((size, root) == new, "proof and checkpoint are of different trees")
    check_steps(hashes(case["steps"]), *old, *new)


def fold(level):
    """The root over a list of hashes, RFC 6962 section 2.1."""
    while len(level) > 1:
        above = [node_hash(left, right) for left, right in zip(level[::2], level[1::2])]
        level = above + level[len(above) * 2:]
    return level[0]


def tile_path(level, index, width):
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/" + "/".join(parts) + ("" if width == TILE else f".p/{width}")


def whole(folder):
    """Every leaf hashed, every tile compared, the root."""
    size, root = open_checkpoint((folder / "checkpoint").read_text("utf-8"), (folder / "vkey").read_text("utf-8"))
    leaves = (folder / "leaves").read_bytes()
    must(len(leaves) == size * LEAF_BYTES, "number of leaves")
    level = [leaf_hash(leaves[at:at + LEAF_BYTES]) for at in range(0, len(leaves), LEAF_BYTES)]
    must(fold(level) == root, "the leaves do not give the root")
    height = 0
    while level:
        above = []
        for at in range(0, len(level), TILE):
            part = level[at:at + TILE]
            found = (folder / tile_path(height, at // TILE, len(part))).read_bytes()
            must(found == b"".join(part), tile_path(height, at // TILE, len(part)))
            if len(part) == TILE:
                above.append(fold(part))
        level, height = above, height + 1


def main(folder):
    whole(folder)
    accepted = refused = wrong = 0
    for line in (folder / "cases").read_text("utf-8").splitlines():
        case = json.loads(line)
        try:
            check(case)
            holds, why = True, ""
            accepted += 1
        except Refused as error:
            holds, why = False, error
            refused += 1
        if holds != case["is_true"]:
            wrong += 1
            print(f"WRONG: {case['name']}: {why}")
    print(f"Python: the whole log verifies; {accepted} true cases accepted, {refused} changed ones refused, {wrong} wrong")
    return 1 if wrong or refused < 50 or accepted < 9 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
