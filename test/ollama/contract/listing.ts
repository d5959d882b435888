import { exchange, type Case } from '../case.ts';
import { count, listOf, text, time } from '../pattern.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const DETAILS = {
  parent_model: '',
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameter_size: text,
  quantization_level: text,
};
const DIGEST = /^[0-9a-f]{64}$/;

/** Existing models, and missing ones. */
export const LISTING: readonly Case[] = [
  exchange({
    name: 'the root answers "Ollama is running"',
    path: '/',
    type: 'text/plain; charset=utf-8',
    answer: 'Ollama is running',
  }),
  exchange({
    name: 'the version is an object with its text',
    path: '/api/version',
    type: JSON_TYPE,
    answer: { version: /^\d+\.\d+\.\d+/ },
  }),
  exchange({
    name: 'tags has each model with size, digest and details',
    path: '/api/tags',
    type: JSON_TYPE,
    answer: {
      models: listOf({ name: text, model: text, modified_at: time, size: count, digest: DIGEST, details: DETAILS }, 4),
    },
  }),
  exchange({
    name: '/v1/models has ids with their tag',
    path: '/v1/models',
    type: 'application/json',
    answer: {
      object: 'list',
      data: listOf({ id: /^[^:]+:[^:]+$/, object: 'model', created: count, owned_by: 'library' }, 4),
    },
  }),
  exchange({
    name: 'one model of /v1 has the id of the request',
    path: '/v1/models/TINY',
    type: 'application/json',
    answer: { id: 'TINY', object: 'model', created: count, owned_by: 'library' },
  }),
  exchange({
    name: 'an unknown model of /v1 is 404',
    path: '/v1/models/nope',
    status: 404,
    answer: { error: { message: "model 'nope' not found", type: 'not_found_error', param: null, code: null } },
  }),
  exchange({
    name: 'show has the capabilities of a model',
    path: '/api/show',
    body: { model: 'tiny-plain' },
    type: JSON_TYPE,
    answer: /"capabilities":\["completion"\],"modified_at":"/,
  }),
  exchange({
    name: 'show names the weights file, which names may share',
    path: '/api/show',
    body: { name: 'tiny' },
    answer: /\\nFROM \S*\/blobs\/sha256-[0-9a-f]{64}\\n/,
  }),
  exchange({
    name: 'show has the context a model was trained for',
    path: '/api/show',
    body: { model: 'tiny' },
    answer: /"llama.context_length":2048,/,
  }),
  exchange({ name: 'HEAD works on the root', method: 'HEAD', path: '/', answer: '' }),
  exchange({ name: 'HEAD works on the version', method: 'HEAD', path: '/api/version', type: JSON_TYPE, answer: '' }),
  exchange({ name: 'HEAD works on tags', method: 'HEAD', path: '/api/tags', answer: '' }),
  exchange({ name: 'HEAD does not work on ps', method: 'HEAD', path: '/api/ps', status: 405 }),
  exchange({ name: 'HEAD does not work on /v1/models', method: 'HEAD', path: '/v1/models', status: 405 }),
  exchange({
    name: 'a wrong method is 405, in text',
    path: '/api/chat',
    status: 405,
    type: 'text/plain',
    answer: '405 method not allowed',
  }),
  exchange({
    name: 'OPTIONS without an origin is a wrong method',
    method: 'OPTIONS',
    path: '/v1/chat/completions',
    status: 405,
  }),
  exchange({
    name: 'an unknown path is 404, in text',
    path: '/api/nope',
    status: 404,
    type: 'text/plain',
    answer: '404 page not found',
  }),
  exchange({
    name: 'an unknown path of /v1 is 404, in text',
    path: '/v1/nope',
    status: 404,
    type: 'text/plain',
    answer: '404 page not found',
  }),
  exchange({ name: 'a trailing slash is redirected', path: '/v1/models/', status: 301 }),
  exchange({
    name: 'a page of another origin is refused with an empty body',
    path: '/api/version',
    headers: { Origin: 'http://evil.example' },
    status: 403,
    answer: '',
  }),
  exchange({
    name: 'the origin null is refused too',
    path: '/api/version',
    headers: { Origin: 'null' },
    status: 403,
    answer: '',
  }),
  exchange({
    name: 'a page of this machine is accepted',
    path: '/api/version',
    headers: { Origin: 'http://localhost:3000' },
  }),
  exchange({
    name: 'a page of this machine gets an answer to its preflight request',
    method: 'OPTIONS',
    path: '/api/chat',
    headers: { Origin: 'http://localhost:3000', 'Access-Control-Request-Method': 'POST' },
    status: 204,
    answer: '',
  }),
  exchange({
    name: 'on loopback a foreign Host is refused',
    path: '/api/version',
    headers: { Host: 'evil.example' },
    status: 403,
    answer: '',
  }),
  exchange({
    name: 'on loopback a local Host is accepted',
    path: '/api/version',
    headers: { Host: 'hx-llm01.internal:11434' },
  }),
];
