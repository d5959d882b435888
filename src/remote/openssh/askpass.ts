import { createServer, type Socket } from 'node:net';

/** A question of one ssh process. */
export interface SshQuestion {
  /** 0 is the host; others are jump hosts before it. */
  readonly hop: number;
  /** The process id of the ssh that asks. */
  readonly pid: number;
  /** There is nothing to answer: ssh waits for a key to be touched. */
  readonly notice: boolean;
  readonly text: string;
}

/** Answers a question; undefined without an answer. The signal ends with the ssh process. */
export type AnswerQuestion = (question: SshQuestion, signal: AbortSignal) => Promise<string | undefined>;

/** Answers the questions of ssh processes on a socket file until it is closed. An answer goes to the one that asked and nowhere else. */
export async function serveQuestions(path: string, answer: AnswerQuestion): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const gone = new AbortController();
    let line = '';
    const heard = (chunk: Buffer): void => {
      line += chunk.toString();
      if (!line.endsWith('\n')) return;
      socket.off('data', heard);
      void answer(JSON.parse(line) as SshQuestion, gone.signal) // from askpass-program.ts
        .catch(() => undefined)
        .then((typed) => socket.end(typed === undefined ? '' : JSON.stringify([typed])));
    };
    socket
      .on('data', heard)
      .on('end', () => {
        gone.abort();
      })
      .on('error', () => undefined)
      .once('close', () => {
        gone.abort();
        sockets.delete(socket);
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}
