import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

// node backend.ts PORT PORT: two servers that answer at once and cost as little as a server in Node can, so that they are not
// measured. A request whose body says `say 50 every 20 ms` gets a stream of 50 chunks, any other a short answer, in Ollama's API
// and in OpenAI's, as Ollama 0.22 writes both. The ports are printed as JSON.

const NDJSON = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n';
const EVENTS = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const AT = '"created_at":"2026-01-01T00:00:00.000000000Z"';
const COUNTS =
  '"total_duration":9000000,"load_duration":1000000,"prompt_eval_count":12,"prompt_eval_duration":3000000,"eval_count":3,"eval_duration":5000000';
const LINE = `{"model":"m",${AT},"message":{"role":"assistant","content":" word"},"done":false}\n`;
const LAST_LINE = `{"model":"m",${AT},"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",${COUNTS}}\n`;
const HEAD =
  '"id":"chatcmpl-123","object":"chat.completion.chunk","created":1767225600,"model":"m","system_fingerprint":"fp_ollama"';
const EVENT = `data: {${HEAD},"choices":[{"index":0,"delta":{"role":"assistant","content":" word"},"finish_reason":null}]}\n\n`;
const LAST_EVENT = `data: {${HEAD},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
const WHOLE =
  '{"id":"chatcmpl-123","object":"chat.completion","created":1767225600,"model":"m","system_fingerprint":"fp_ollama","choices":[{"index":0,"message":{"role":"assistant","content":" word"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}\n';
const VECTOR =
  '{"model":"m","embeddings":[[0.1,0.2,0.3]],"total_duration":9000000,"load_duration":1000000,"prompt_eval_count":2}';
const RUNNING =
  '{"models":[{"name":"m:latest","model":"m:latest","size":1000,"digest":"0","details":{},"expires_at":"2036-01-01T00:00:00Z","size_vram":1000,"context_length":4096}]}';
const SHOWN =
  '{"details":{"family":"llama"},"model_info":{"general.architecture":"llama","llama.context_length":8192},"capabilities":["completion","tools"],"template":"{{ .Prompt }}"}';

const SHORT: Readonly<Record<string, string>> = {
  '/api/chat': `${NDJSON}${chunk(LINE + LAST_LINE)}0\r\n\r\n`,
  '/api/generate': `${NDJSON}${chunk(LAST_LINE)}0\r\n\r\n`,
  '/api/embed': whole(VECTOR),
  '/api/ps': whole(RUNNING),
  '/api/tags': whole(RUNNING),
  '/api/show': whole(SHOWN),
  '/api/version': whole('{"version":"0.22.1"}'),
  '/v1/chat/completions': whole(WHOLE),
};

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function whole(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`;
}

function serve(socket: Socket): void {
  let rest = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    rest += text;
    for (;;) {
      const headEnd = rest.indexOf('\r\n\r\n') + 4;
      if (headEnd === 3) return;
      const head = rest.slice(0, headEnd);
      const end = /^transfer-encoding: *chunked/im.test(head)
        ? rest.indexOf('0\r\n\r\n', headEnd) + 5
        : headEnd + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (end === 4 || rest.length < end) return;
      const [body] = [rest.slice(headEnd, end)];
      rest = rest.slice(end);
      answer(socket, head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')), body);
    }
  });
}

function answer(socket: Socket, path: string, body: string): void {
  const asked = body.includes('say ') ? /say (\d+) every (\d+) ms/.exec(body) : null;
  if (asked === null) socket.write(SHORT[path] ?? whole('{}'));
  else stream(socket, path.startsWith('/v1/'), Number(asked[1]), Number(asked[2]));
}

function stream(socket: Socket, events: boolean, pieces: number, gapMs: number): void {
  const piece = chunk(events ? EVENT : LINE);
  let said = 1;
  socket.write((events ? EVENTS : NDJSON) + piece);
  const timer = setInterval(() => {
    said += 1;
    if (said <= pieces && !socket.destroyed) {
      socket.write(piece);
      return;
    }
    clearInterval(timer);
    if (!socket.destroyed) socket.write(`${chunk(events ? LAST_EVENT : LAST_LINE)}0\r\n\r\n`);
  }, gapMs);
}

function listen(port: number): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  const server = createServer(serve).once('error', reject);
  server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => resolve(server));
  return promise;
}

const servers = await Promise.all([0, 1].map((index) => listen(Number(process.argv[2 + index] ?? 0))));
process.stdout.write(`${JSON.stringify(servers.map((server) => (server.address() as AddressInfo).port))}\n`);
