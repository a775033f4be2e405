// Starts and stops `gatehouse demo`: the real program, with people and mini apps, on spare ports and a temporary database.
import { spawn } from "node:child_process";
import { once } from "node:events";

const START_MS = 180_000;
const STOP_MS = 90_000;
const running = new Set();

// A test run that is interrupted must not leave servers behind.
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

// startDemo returns what `demo -o json` prints, and stop().
export async function startDemo(...args) {
  const binary = process.env.GATEHOUSE_BINARY;
  if (!binary) throw new Error("GATEHOUSE_BINARY must name the program: run scripts/test-browser");
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GATEHOUSE_")));
  const child = spawn(binary, ["demo", "-o", "json", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const gone = once(child, "exit").then(([code, signal]) => {
    running.delete(child);
    return code ?? signal;
  });

  const log = [];
  child.stderr.setEncoding("utf8").on("data", (text) => log.push(text));
  try {
    const demo = JSON.parse(await within(START_MS, "the demo to start", Promise.race([firstLine(child.stdout), gone])));
    return { ...demo, log: () => log.join(""), stop: () => stop(child, gone) };
  } catch (cause) {
    child.kill("SIGKILL");
    throw new Error(`the demo did not start:\n${log.join("")}`, { cause });
  }
}

async function stop(child, gone) {
  child.kill("SIGTERM");
  try {
    return await within(STOP_MS, "the demo to stop", gone);
  } catch (err) {
    child.kill("SIGKILL");
    throw err;
  }
}

function firstLine(stream) {
  return new Promise((resolve) => {
    let text = "";
    stream.setEncoding("utf8").on("data", (more) => {
      text += more;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}

function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
