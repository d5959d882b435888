import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificateText } from './certificates.ts';

/** An HTTPS server on the loopback with a certificate of this folder. */
export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

/** Starts a server that answers like Ollama, or by `answer`. */
export async function tlsServer(name: string, answer: RequestListener = ollama): Promise<TlsServer> {
  const server = createServer({ cert: certificateText(`${name}.pem`), key: certificateText(`${name}.key`) }, answer);
  // A client that refuses the certificate.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return {
    port,
    url: `https://localhost:${String(port)}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

const ollama: RequestListener = (request, response) => {
  response.end(request.url === '/api/version' ? '{"version":"0.22.1"}' : '{"models":[{"name":"phi3:3.8b"}]}');
};
