import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelsOf } from '../../../src/phases/inventory/alias.ts';

const aliases = (...models: readonly string[]): readonly string[] =>
  modelsOf(
    models.map((model) => ({ model, backends: ['a'] })),
    ['a'],
  ).map(({ name }) => name);

test('an alias is the model’s name and size, as in the guide', () => {
  assert.deepEqual(
    aliases(
      'phi3:3.8b-mini-128k-instruct-q8_0',
      'llama3:8b-instruct-q8_0',
      'qwen2.5-coder:7b',
      'mixtral:8x7b',
      'gemma3n:e2b',
      'smollm:135m',
    ),
    ['phi3-3.8b', 'llama3-8b', 'qwen2.5-coder-7b', 'mixtral-8x7b', 'gemma3n-e2b', 'smollm-135m'],
  );
});

test('latest, the quantisation and the owner are left out', () => {
  assert.deepEqual(
    aliases('tiny:latest', 'x:q4_K_M', 'hf.co/someone/Llama-3.2-1B-GGUF:Q4_K_M', 'mistral:instruct', 'plain'),
    ['tiny', 'x', 'Llama-3.2-1B-GGUF', 'mistral-instruct', 'plain'],
  );
});

test('two models with the same alias get one with their whole tag, and aliases are always unique', () => {
  assert.deepEqual(aliases('llama3:8b-instruct-q8_0', 'llama3:8b-instruct-q4_0', 'me/a', 'you/a'), [
    'llama3-8b-instruct-q8_0',
    'llama3-8b-instruct-q4_0',
    'a',
    'a-2',
  ]);
});

test('embedding models are recognized by their names', () => {
  const models = [
    'nomic-embed-text:latest',
    'mxbai-embed-large',
    'bge-m3:567m',
    'all-minilm:22m',
    'qwen3-embedding:0.6b',
    'llama3:8b',
    'phi3:3.8b',
  ];
  assert.deepEqual(
    modelsOf(
      models.map((model) => ({ model, backends: ['a'] })),
      ['a'],
    ).map(({ mode }) => mode),
    ['embedding', 'embedding', 'embedding', 'embedding', 'embedding', 'chat', 'chat'],
  );
});

test('backends are listed only if not all have the model', () => {
  assert.deepEqual(
    modelsOf(
      [
        { model: 'x', backends: ['a', 'b'] },
        { model: 'y', backends: ['b'] },
      ],
      ['a', 'b'],
    ).map(({ backends }) => backends),
    [undefined, ['b']],
  );
});
