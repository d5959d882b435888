import { createServer } from 'node:net';

/** Below the kernel's own range (32768 and up), and above the ports of services. */
const [LOWEST, BLOCKS, BLOCK] = [12_000, 2500, 8];

let given = 0;

/**
 * A port of the loopback without listener, which no program gets by asking for any port or by connecting: it stays free for a later
 * listener, or a second one. Each process has eight of its own.
 */
export async function quietPort(): Promise<number> {
  while (given < BLOCK) {
    const port = LOWEST + (process.pid % BLOCKS) * BLOCK + given;
    given += 1;
    if (await isQuiet(port)) return port;
  }
  throw new Error(`none of this process’s ${String(BLOCK)} ports is left`);
}

function isQuiet(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
