#!/usr/bin/env python3
"""Requests made by Schemathesis from the API's own document, sent to the real server by each kind of caller: no server
error, no answer that the document does not describe, nothing accepted that it forbids.

Usage: check.py CHENGDANG [CASES]. CASES is the least number in all (5,000); SEED repeats a run. Exit code 1 if a request
was answered otherwise.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import city  # noqa: E402

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
]
# Most of the cases are boundary values, about a thousand a caller; so many more are drawn of each operation.
DRAWN = 5


def run(url, token, seed, folder):
    """Whether all was well, and the number of requests."""
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", url + "/openapi.json",
        "--max-examples", str(DRAWN), "--seed", str(seed), "--continue-on-failure", "--no-color",
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--warnings", "off",
        # It would end the session that the others are sent in.
        "--exclude-operation-id", "endSession",
    ]
    if token:
        command += ["--header", "Authorization: Bearer " + token]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    sent = re.search(r"([\d,]+) generated", done.stdout)
    return done.returncode == 0, int(sent.group(1).replace(",", "")) if sent else 0, done.stdout + done.stderr


def main():
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000
    seed = int(os.environ.get("SEED", "1"))
    failed, total = [], 0
    with tempfile.TemporaryDirectory() as folder, city.demonstration(sys.argv[1]) as (url, accounts, _):
        callers = {"nobody": None} | {role: city.token_of(url, account) for role, account in accounts.items()}
        while total < wanted and not failed:
            for role, token in callers.items():
                good, sent, said = run(url, token, seed, folder)
                total += sent
                print(f"{role:<15} {sent:>7} requests, seed {seed}: {'as documented' if good else 'NOT AS DOCUMENTED'}")
                if not good:
                    failed.append(role)
                    print(said)
            seed += 1
    print(f"{total} requests")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
