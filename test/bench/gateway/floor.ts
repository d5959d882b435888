import { createServer, type ServerResponse } from 'node:http';
import { Agent, type Dispatcher } from 'undici';

// node floor.ts PORT BACKEND BACKEND: the cost of any proxy in Node before it does anything. node:http in front, undici behind,
// servers in turn, bytes passed through as they come. No keys, no parsing, no log.

const [port = '0', ...backends] = process.argv.slice(2);
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
let turn = 0;

function passTo(outgoing: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller) => {
      outgoing.once('close', () => {
        if (!outgoing.writableFinished) controller.abort(new Error('the client has left'));
      });
    },
    onResponseStart: (_controller, status, headers) => {
      delete headers['transfer-encoding'];
      outgoing.writeHead(status, headers as Record<string, string>);
    },
    onResponseData: (_controller, bytes) => {
      outgoing.write(bytes);
    },
    onResponseEnd: () => {
      outgoing.end();
    },
    onResponseError: () => {
      outgoing.destroy();
    },
  };
}

createServer((incoming, outgoing) => {
  turn += 1;
  const { 'content-type': type = 'application/json', 'content-length': length } = incoming.headers;
  const headers = { 'content-type': type, ...(length === undefined ? {} : { 'content-length': length }) };
  agent.dispatch(
    {
      origin: backends[turn % backends.length] ?? '',
      path: incoming.url ?? '/',
      method: 'POST',
      headers,
      body: incoming,
    },
    passTo(outgoing),
  );
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });

// Node writes a profile only for a process that ends by itself.
process.on('SIGTERM', () => process.exit(0));
