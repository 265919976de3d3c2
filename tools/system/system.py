#!/usr/bin/env python3
"""A department's business system, as small as it can be: signs its requests to Chengdang (RFC 9421, RFC 9530).

    system.py --url https://credit.example --key key.pem --key-id ID [--officer ASSERTION] GET /api/v1/caller
    system.py --make-key key.pem          prints the public key, which the security administrator registers

Needs the package `cryptography` only; requirements.txt beside this file pins it. It is a sample: read it, and write yours.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import os
import secrets
import sys
import time
import urllib.parse

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def base64_text(data):
    return base64.b64encode(data).decode()


def signed_headers(method, url, body, key_id, sign, algorithm, officer=None, created=None, nonce=None):
    """The headers that make `method url body` a signed request; `sign` takes the signature base."""
    headers = {}
    covered = [("@method", method), ("@target-uri", url)]
    if body:
        headers["Content-Type"] = "application/json"
        headers["Content-Digest"] = f"sha-256=:{base64_text(hashlib.sha256(body).digest())}:"
        covered += [("content-digest", headers["Content-Digest"]), ("content-type", headers["Content-Type"])]
    if officer:
        headers["Chengdang-Officer"] = officer
        covered.append(("chengdang-officer", officer))
    names = " ".join(f'"{name}"' for name, _ in covered)
    created = int(time.time()) if created is None else created
    nonce = nonce or secrets.token_urlsafe(24)  # never the same twice
    parameters = f'({names});created={created};nonce="{nonce}";keyid="{key_id}";alg="{algorithm}"'
    lines = [f'"{name}": {value}' for name, value in covered]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    headers["Signature-Input"] = f"sig={parameters}"
    headers["Signature"] = f"sig=:{base64_text(sign(base.encode()))}:"
    return headers


def with_key(private_key):
    """Signs with the registered key."""
    return private_key.sign, "ed25519"


def with_session(key):
    """Signs with the key of a session, which POST /api/v1/system-sessions gives for a quarter of an hour."""
    return lambda base: hmac.digest(key, base, "sha256"), "hmac-sha256"


def send(method, url, headers, body=b""):
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=30)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, target, body=body or None, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--make-key", metavar="FILE")
    arguments.add_argument("--url", default="http://127.0.0.1:8370")
    arguments.add_argument("--key", metavar="FILE")
    arguments.add_argument("--key-id")
    arguments.add_argument("--officer", metavar="ASSERTION")
    arguments.add_argument("method", nargs="?")
    arguments.add_argument("path", nargs="?")
    arguments.add_argument("body", nargs="?", default="")
    given = arguments.parse_args()
    if given.make_key:
        key = Ed25519PrivateKey.generate()
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        with open(given.make_key, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(key.private_bytes(*form))
        print(base64_text(key.public_key().public_bytes_raw()))
        return 0
    with open(given.key, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    url, body = given.url + given.path, given.body.encode()
    sign, algorithm = with_key(key)
    headers = signed_headers(given.method, url, body, given.key_id, sign, algorithm, given.officer)
    status, answer = send(given.method, url, headers, body)
    print(status, answer)
    return 0 if status < 400 else 1


if __name__ == "__main__":
    sys.exit(main())
