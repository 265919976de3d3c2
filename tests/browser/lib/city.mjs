// The real binary, as `make run` starts it: a demo city on a free port with a data folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// The demo reads catalogue/ and policies/ of the working directory.
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 15_000;

/** Starts a city, on a free port and without a configuration file of its own if none is given; call `stop()` when done. Its standard
error is shown when it fails. */
export async function startCity({ port = 0, config } = {}) {
  const binary = process.env.CHENGDANG;
  if (!binary) throw new Error("set CHENGDANG to the binary, or run `make browser`");
  const folder = await mkdtemp(join(tmpdir(), "chengdang-browser-"));
  const chosen = config ? ["--config", config] : [];
  const child = spawn(binary, [...chosen, "demo", "--port", String(port), "--data", folder, "--json-ready"], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => { log = (log + text).slice(-20_000); });
  const exited = once(child, "exit");

  try {
    const ready = await firstLine(child, exited);
    return { ...ready, folder, log: () => log, account: (role, index = 0) => account(ready, role, index), stop };
  } catch (error) {
    await stop();
    throw new Error(`the city did not start: ${error.message}\n${log}`);
  }

  async function stop() {
    const deadline = AbortSignal.timeout(STOP_MS_MAX);
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const late = once(deadline, "abort").then(() => { child.kill("SIGKILL"); throw new Error("SIGTERM did not stop the city"); });
    try {
      await Promise.race([exited, late]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { code: child.exitCode, signal: child.signalCode };
  }
}

async function firstLine(child, exited) {
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line").then(([text]) => text);
  const early = exited.then(([code]) => { throw new Error(`it ended with ${code} before it was ready`); });
  const late = once(AbortSignal.timeout(READY_MS_MAX), "abort").then(() => { throw new Error(`not ready after ${READY_MS_MAX} ms`); });
  return JSON.parse(await Promise.race([line, early, late]));
}

function account(ready, role, index) {
  const found = ready.logins.filter((login) => login.role === role)[index];
  if (!found) throw new Error(`the demo has no ${role} no. ${index + 1}`);
  return found;
}
