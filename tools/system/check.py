#!/usr/bin/env python3
"""Runs the sample system against the real server: registered, known with its officer, refused where it is wrong, revoked.

Usage: check.py CHENGDANG. Prints each step; exit code 1 at the first that comes out otherwise.
"""

import base64
import json
import pathlib
import sys
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import system

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import city  # noqa: E402


def asked(url, token, method, path, body=None):
    headers = {"Authorization": f"Bearer {token}"}
    data = b""
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    return system.send(method, url + path, headers, data)


def expect(what, status, wanted, answer, code=None):
    good = status == wanted and (code is None or json.loads(answer)["code"] == code)
    print(f"{'ok ' if good else 'BAD'} {what}: {status}{' ' + code if code else ''}")
    if not good:
        print(answer)
        sys.exit(1)


def steps(url, logins):
    security = city.token_of(url, logins["security-admin"])
    organisation = logins["officer"]["organisation"]
    status, answer = asked(url, security, "POST", "/api/v1/systems", {"organisation": organisation, "name": "sample"})
    expect("register the system", status, 201, answer)
    system_id = json.loads(answer)["id"]
    key = Ed25519PrivateKey.generate()
    new = {"algorithm": "ed25519", "public_key": system.base64_text(key.public_key().public_bytes_raw()), "days": 30}
    status, answer = asked(url, security, "POST", f"/api/v1/systems/{system_id}/keys", new)
    expect("register its key", status, 201, answer)
    key_id = json.loads(answer)["key_id"]
    officer = city.token_of(url, logins["officer"])
    status, answer = asked(url, officer, "POST", "/api/v1/officer-assertions", {"system": system_id})
    expect("the officer's assertion", status, 201, answer)
    assertion = json.loads(answer)["assertion"]

    caller, sessions = url + "/api/v1/caller", url + "/api/v1/system-sessions"
    sign, algorithm = system.with_key(key)
    headers = system.signed_headers("GET", caller, b"", key_id, sign, algorithm, assertion)
    status, answer = system.send("GET", caller, headers)
    expect("a signed request", status, 200, answer)
    known = json.loads(answer)
    if known["id"] != system_id or "officer" not in known:
        sys.exit(f"the service knows another caller: {known}")
    status, answer = system.send("GET", caller, headers)
    expect("the same again", status, 401, answer, "ASK-0005")
    late = system.signed_headers("GET", caller, b"", key_id, sign, algorithm, created=int(time.time()) - 70)
    status, answer = system.send("GET", caller, late)
    expect("seventy seconds old", status, 401, answer, "ASK-0004")
    body = b'{"a":1}'
    headers = system.signed_headers("POST", sessions, body, key_id, sign, algorithm)
    status, answer = system.send("POST", sessions, headers, b'{"a":2}')
    expect("an altered body", status, 401, answer, "ASK-0010")
    headers = system.signed_headers("POST", sessions, body, key_id, sign, algorithm)
    status, answer = system.send("POST", sessions, headers, body)
    expect("a session", status, 201, answer)
    session = json.loads(answer)
    code, algorithm = system.with_session(base64.b64decode(session["key"]))
    headers = system.signed_headers("GET", caller, b"", session["key_id"], code, algorithm, assertion)
    status, answer = system.send("GET", caller, headers)
    expect("a request of the session", status, 200, answer)
    status, answer = asked(url, security, "DELETE", f"/api/v1/system-keys/{key_id}")
    expect("revoke the key", status, 204, answer)
    sign, algorithm = system.with_key(key)
    headers = system.signed_headers("GET", caller, b"", key_id, sign, algorithm)
    status, answer = system.send("GET", caller, headers)
    expect("a request under the revoked key", status, 401, answer, "ASK-0007")


def main():
    with city.demonstration(sys.argv[1]) as (url, _, logins):
        steps(url, {login["login"]: login for login in logins})


if __name__ == "__main__":
    main()
