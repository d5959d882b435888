import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { endWithUs } from '../../children.ts';
import { quietPort } from '../../port.ts';
import { startRealOllama } from '../../real/ollama-server.ts';
import { until } from '../../until.ts';
import { KEY, startGateway } from '../running.ts';
import { openPage, type Page } from './browser.ts';

// HXLLM_OLLAMA_BIN=… node test/gateway/open-webui/first-chat.ts --open-webui V/bin/open-webui [--chromium PATH] [--weights FILE.gguf]
// [--connection OpenAI,Ollama,both] [--keep FOLDER]: the first chat of a new user of Open WebUI as it comes, in a browser, by each
// connection. The model is a real one that knows tools, is trained for 65,536 tokens, and has no stated context.

const CONNECTIONS = ['OpenAI', 'Ollama', 'both'] as const;
/** The connections of Open WebUI that are on. */
type Connection = (typeof CONNECTIONS)[number];

/** A start imports torch; on a busy machine that takes minutes. */
const START_MS = 400_000;
const CHAT_MS = 280_000;
const QUESTION = 'What is a gateway?';

const { values } = parseArgs({
  options: {
    'open-webui': { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    weights: { type: 'string' },
    connection: { type: 'string', default: CONNECTIONS.join(',') },
    keep: { type: 'string' },
  },
});
if (values['open-webui'] === undefined) {
  process.stderr.write('Expected --open-webui PATH: python3.11 -m venv V && V/bin/pip install open-webui==0.12.4\n');
  process.exitCode = 64;
} else
  for (const connection of CONNECTIONS.filter((one) => values.connection.split(',').includes(one)))
    await chatBy(connection, values['open-webui']);

async function chatBy(connection: Connection, program: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-webui-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const ollama = stack.adopt(
    await startRealOllama({ wide: values.weights ?? true, others: [], numParallel: 1 }),
    (one) => one.close(),
  );
  const gateway = stack.use(
    await startGateway([], {
      model_list: [{ model_name: 'wide', litellm_params: { model: 'ollama_chat/wide', api_base: ollama.url } }],
      general_settings: { master_key: KEY },
      hxllm: { state_dir: join(folder, 'state') },
    }),
  );
  const [recorderPort, port] = [await quietPort(), await quietPort()];
  const between = `http://127.0.0.1:${String(recorderPort)}`;
  const recorded = join(folder, 'recorded');
  const recorder = spawn(process.execPath, [
    join(import.meta.dirname, 'recorder.ts'),
    '--to',
    gateway.url,
    '--port',
    String(recorderPort),
    '--into',
    recorded,
  ]);
  endWithUs(recorder);
  stack.defer(() => end(recorder));
  const log = openSync(join(values.keep ?? folder, `open-webui-${connection}.log`), 'w');
  const webui = spawn(program, ['serve', '--host', '127.0.0.1', '--port', String(port)], {
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      DATA_DIR: join(folder, 'data'),
      WEBUI_SECRET_KEY: 'only-for-this-try',
      OFFLINE_MODE: 'true',
      HF_HUB_OFFLINE: '1',
      ENABLE_OPENAI_API: String(connection !== 'Ollama'),
      ENABLE_OLLAMA_API: String(connection !== 'OpenAI'),
      OPENAI_API_BASE_URL: `${between}/v1`,
      OPENAI_API_KEY: KEY,
      OLLAMA_BASE_URL: between,
    },
  });
  closeSync(log);
  endWithUs(webui);
  stack.defer(() => end(webui));
  const url = `http://127.0.0.1:${String(port)}`;
  await until('Open WebUI answers', () => isUp(url, webui), START_MS);
  const token = await signUp(url);
  if (connection !== 'OpenAI') await setOllamaKey(url, token, between);
  const page = stack.adopt(await openPage(values.chromium), (one) => one.close());
  const { keep } = values;
  if (keep !== undefined) stack.defer(async () => writeFile(join(keep, `${connection}.png`), await page.screenshot()));
  const { answer, seconds } = await chat(page, url, token);
  // Title, follow-ups and tags are asked for behind it.
  await until('the recorder has the chat', async () =>
    (await chatsIn(recorded)).some((line) => !/: 0 tools/.test(line)),
  );
  process.stdout.write(
    `${connection}: answered after ${seconds.toFixed(1)} s, ${String(answer.length)} characters\n` +
      `  log: ${JSON.stringify(gateway.log.filter(({ event }) => event === 'context-grown'))}\n`,
  );
  for (const line of await chatsIn(recorded)) process.stdout.write(`  ${line}\n`);
  assert.ok(answer.length > 0, 'no answer');
}

async function isUp(url: string, webui: ChildProcess): Promise<boolean> {
  assert.equal(webui.exitCode, null, 'Open WebUI has ended');
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}

/** The account of the first person, an administrator; returns its token. */
async function signUp(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/auths/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada', email: 'ada@example.test', password: 'not-a-secret-1' }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return ((await response.json()) as { readonly token: string }).token;
}

/** The key of the Ollama connection, which no variable of the environment sets. */
async function setOllamaKey(url: string, token: string, base: string): Promise<void> {
  const response = await fetch(`${url}/ollama/config/update`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      ENABLE_OLLAMA_API: true,
      OLLAMA_BASE_URLS: [base],
      OLLAMA_API_CONFIGS: { '0': { enable: true, key: KEY } },
    }),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Asks the question as a person does, and waits for the end of the answer. */
async function chat(
  page: Page,
  url: string,
  token: string,
): Promise<{ readonly answer: string; readonly seconds: number }> {
  await page.goto(`${url}/auth`);
  await until('the page is there', () => page.read<boolean>('document.readyState === "complete"'));
  await page.read(`localStorage.setItem('token', ${JSON.stringify(token)})`);
  await page.goto(`${url}/?models=wide`);
  await until(
    'the field for a question is there',
    () => page.read<boolean>('!!document.querySelector("#chat-input")'),
    CHAT_MS,
  );
  const written = (): Promise<string> => page.read('document.querySelector("#chat-input").innerText');
  await until('the question is written', async () => {
    // News of the version lie over the page, some time after its start.
    await page.read(
      '[...document.querySelectorAll("button")].find((one) => /Let.s Go/.test(one.textContent))?.click() ?? null',
    );
    await page.read('document.querySelector("#chat-input").focus() ?? null');
    if ((await written()).trim() === '') await page.type(QUESTION);
    await sleep(1000);
    return (await written()).includes(QUESTION);
  });
  const startMs = performance.now();
  await page.press('Enter');
  const read = (): Promise<{ readonly text: string; readonly isDone: boolean }> =>
    page.read(
      `({ text: [...document.querySelectorAll(".chat-assistant")].map((one) => one.innerText.trim()).join(""),
          isDone: !!document.querySelector(".copy-response-button") })`,
    );
  await until('the answer has ended', async () => (await read()).isDone && (await read()).text !== '', CHAT_MS);
  return { answer: (await read()).text, seconds: (performance.now() - startMs) / 1000 };
}

/** The chats that passed the recorder, each in a line. */
async function chatsIn(folder: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const { method, path, body, answer } = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
      readonly method: string;
      readonly path: string;
      readonly body: { readonly tools?: readonly unknown[]; readonly messages?: unknown };
      readonly answer: {
        readonly status: number;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string;
      };
    };
    if (method !== 'POST' || !/chat/.test(path)) continue;
    lines.push(
      `${path}: ${String(body.tools?.length ?? 0)} tools, ${String(answer.status)}, context ${answer.headers['x-hxllm-context'] ?? 'as it was'}${answer.status === 200 ? '' : `, ${answer.body}`}`,
    );
  }
  return lines;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
