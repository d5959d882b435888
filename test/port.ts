import { createServer } from 'node:net';

/** Below what the kernel gives by itself (32768 and up), and above what services have. */
const [LOWEST, BLOCKS, BLOCK] = [12_000, 2500, 8];

let given = 0;

/**
 * A port of the loopback on which nothing listens, and which nobody gets by asking for any or by connecting: it is still
 * there for who opens it later, or again. Each process has eight of its own.
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
