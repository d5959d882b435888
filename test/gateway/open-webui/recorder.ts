import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** A proxy between Open WebUI and the gateway that records both: one file for each request. */
function record(to: URL, folder: string): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  let seen = 0;
  return (incoming, outgoing) => {
    seen += 1;
    const { method = '', url: path = '' } = incoming;
    const file = join(
      folder,
      `${String(seen).padStart(3, '0')}-${method}-${path.replaceAll(/[^a-z0-9]+/gi, '-')}.json`,
    );
    const sent: Buffer[] = [];
    const answered: Buffer[] = [];
    const startMs = performance.now();
    const upstream = request({ host: to.hostname, port: to.port, method, path, headers: incoming.headers });
    const keep = (status: number | undefined, headers: IncomingHttpHeaders, ended: string): void => {
      const body = Buffer.concat(sent).toString('utf8');
      const answer = {
        status,
        headers,
        ended,
        afterMs: Math.round(performance.now() - startMs),
        body: Buffer.concat(answered).toString('utf8'),
      };
      writeFileSync(
        file,
        `${JSON.stringify({ method, path, headers: scrubbed(incoming.headers), body: parsed(body), at: new Date().toISOString(), answer }, null, 2)}\n`,
      );
    };
    incoming.on('data', (piece: Buffer) => sent.push(piece)).pipe(upstream);
    upstream.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.on('data', (piece: Buffer) => answered.push(piece)).pipe(outgoing);
      outgoing.once('close', () => {
        keep(response.statusCode, response.headers, outgoing.writableFinished ? 'whole' : 'client left');
        upstream.destroy();
      });
    });
    upstream.on('error', (error) => {
      if (outgoing.headersSent) return;
      keep(undefined, {}, error.message);
      outgoing.writeHead(502).end();
    });
    outgoing.once('close', () => {
      if (!outgoing.headersSent) keep(undefined, {}, 'client left before the answer');
      upstream.destroy();
    });
  };
}

// The key is not recorded; the response shows whether it was wrong.
function scrubbed(headers: IncomingHttpHeaders): Readonly<Record<string, unknown>> {
  const { authorization, host: _host, 'content-length': _length, ...rest } = headers;
  return authorization === undefined ? rest : { authorization: authorization.replace(/(?<=^\w+ ).+/, 'KEY'), ...rest };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

const { values } = parseArgs({
  options: {
    to: { type: 'string', default: 'http://127.0.0.1:4000' },
    port: { type: 'string', default: '4001' },
    into: { type: 'string', default: 'recorded' },
  },
});
mkdirSync(values.into, { recursive: true });
createServer(record(new URL(values.to), values.into)).listen(Number(values.port), '127.0.0.1');
