import { request } from 'node:http';

/** An HTTP request on a Unix socket. */
export interface UnixRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
}

/** A whole response. */
export interface UnixResponse {
  readonly status: number | undefined;
  readonly text: string;
}

/** Sends a request on a connection of its own. Throws system errors; `ETIMEDOUT` without a whole response in time. */
export async function requestOnSocket(
  socketPath: string,
  { method, path, headers, body, timeoutMs }: UnixRequest,
): Promise<UnixResponse> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs));
    const fail = (error: Error): void => {
      const text = `no answer within ${String(Math.round(timeoutMs / 100) / 10)} s`;
      reject(signal.aborted ? Object.assign(new Error(text), { code: 'ETIMEDOUT' }) : error);
    };
    const own = { host: 'localhost', 'content-type': 'application/json', connection: 'close', ...headers };
    const sent = request({ socketPath, method, path, headers: own, agent: false, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('error', fail).once('end', () => {
        resolve({ status: response.statusCode, text });
      });
    });
    sent.once('error', fail);
    sent.end(body);
  });
}
