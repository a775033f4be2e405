// Starts and stops the sample mini app as a program of its own, as a developer does for a registration of theirs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

// spareAddress returns an address on loopback that nobody listens on at this moment: an app has to be registered before it runs.
// The port is none that the system gives away by itself (on Linux from 32768 on), so nothing that connects meanwhile gets it.
export async function spareAddress() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, "127.0.0.1");
    const free = await once(server, "listening").then(() => true, () => false);
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return `127.0.0.1:${port}`;
  }
}

// startMiniApp returns where the app is, and stop(). It runs until then, or until t ends.
export async function startMiniApp(t, { issuer, address, clientID, secret, scopes }) {
  const child = spawn(join(dirname(process.env.GATEHOUSE_BINARY), "miniapp"),
    ["-issuer", issuer, "-listen", address, "-client-id", clientID, "-scope", scopes.join(",")],
    { env: { PATH: process.env.PATH, MINIAPP_CLIENT_SECRET: secret }, stdio: ["ignore", "pipe", "ignore"] });
  const gone = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await gone;
  };
  t.after(stop);
  const url = await Promise.race([once(createInterface(child.stdout), "line").then(([line]) => line), gone.then(() => null)]);
  if (!url) throw new Error("the sample mini app did not start");
  return { url, stop };
}
