"""A demonstration to be asked by programs: the real server with its accounts, and tokens for them."""

import base64
import contextlib
import hashlib
import hmac
import json
import pathlib
import struct
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def demonstration(chengdang):
    """Address and accounts, by role: the first of each."""
    with tempfile.TemporaryDirectory() as folder:
        command = [chengdang, "demo", "--data", folder, "--port", "0", "--json-ready"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        try:
            ready = json.loads(server.stdout.readline())
            accounts = {}
            for login in ready["logins"]:
                accounts.setdefault(login["role"], login)
            yield ready["address"], accounts, ready["logins"]
        finally:
            server.terminate()
            server.wait(30)


def one_time_code(secret, at):
    """RFC 6238."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(at) // 30), hashlib.sha1)
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place:place + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def token_of(url, account):
    """A code is good once, so each account logs in once."""
    code = one_time_code(account["totp_secret"], time.time())
    body = json.dumps({"login": account["login"], "password": account["password"], "code": code}).encode()
    request = urllib.request.Request(url + "/api/v1/sessions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["token"]
