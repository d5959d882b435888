import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { startFake, type FakeUpstream } from '../fake-upstream.ts';
import { KEY, startGateway, type Running } from '../running.ts';

/** The answer to a call. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly ignored: string | null;
}

/** A gateway whose keys can be changed, with the keys and teams `file` and `file-team` in its file. */
export interface AdminStage extends Running {
  readonly state: string;
  /** Calls with the master key, or another one. A body makes it a POST. */
  readonly call: (path: string, body?: object, key?: string) => Promise<Answer>;
  /** The same, for a call that succeeds. */
  readonly done: (path: string, body?: object, key?: string) => Promise<Readonly<Record<string, unknown>>>;
  /** The error of a call that fails, after a check of its shape: status, param and message. */
  readonly refused: (path: string, body?: object, key?: string) => Promise<string>;
  /** The lines about changes. */
  readonly changes: () => readonly Readonly<Record<string, unknown>>[];
}

/** Starts one, with more models if they are given; it stops when the file's tests have ended. */
export async function startAdmin(hxllm: object = {}, more: readonly object[] = []): Promise<AdminStage> {
  const state = mkdtempSync(join(tmpdir(), 'hxllm-admin-'));
  const fake: FakeUpstream = await startFake();
  const model_list = ['m', 'other'].map((model_name) => ({
    model_name,
    litellm_params: { model: 'ollama_chat/m', api_base: fake.url },
  }));
  const gateway = await startGateway([], {
    model_list: [...model_list, ...more],
    hxllm: {
      state_dir: state,
      keys: [{ alias: 'file', hash: apiKeyHash('sk-of-the-file-00'), rpm_limit: 7, team: 'file-team' }],
      teams: [{ alias: 'file-team' }],
      ...hxllm,
    },
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await fake.kill();
    rmSync(state, { recursive: true });
  });
  const call = async (path: string, body?: object, key = KEY): Promise<Answer> => {
    const answer = await gateway.ask(path, {
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return {
      status: answer.status,
      body: (await answer.json()) as Answer['body'],
      ignored: answer.headers.get('x-hxllm-ignored-params'),
    };
  };
  return {
    ...gateway,
    state,
    call,
    done: async (path, body, key) => {
      const answer = await call(path, body, key);
      assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    refused: async (path, body, key) => {
      const answer = await call(path, body, key);
      assert.notEqual(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
      assert.deepEqual(Object.keys(answer.body), ['error']);
      const error = answer.body['error'] as Record<string, unknown>;
      assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
      if (answer.status !== 401) assert.equal(error['code'], String(answer.status));
      return `${String(answer.status)} ${String(error['param'])}: ${String(error['message'])}`;
    },
    changes: () => gateway.log.filter(({ event }) => event === 'admin'),
  };
}
