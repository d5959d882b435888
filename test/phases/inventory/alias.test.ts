import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelsOf } from '../../../src/phases/inventory/alias.ts';

const aliases = (...models: readonly string[]): readonly string[] =>
  modelsOf(
    models.map((model) => ({ model, backends: ['a'] })),
    ['a'],
  ).map(({ name }) => name);

test('an alias is the model’s name and size, as the guide has it', () => {
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

test('what says nothing is left out: latest, the quantisation, who made it', () => {
  assert.deepEqual(
    aliases('tiny:latest', 'x:q4_K_M', 'hf.co/someone/Llama-3.2-1B-GGUF:Q4_K_M', 'mistral:instruct', 'plain'),
    ['tiny', 'x', 'Llama-3.2-1B-GGUF', 'mistral-instruct', 'plain'],
  );
});

test('two that would be called the same are called by their whole tag, and no two ever are', () => {
  assert.deepEqual(aliases('llama3:8b-instruct-q8_0', 'llama3:8b-instruct-q4_0', 'me/a', 'you/a'), [
    'llama3-8b-instruct-q8_0',
    'llama3-8b-instruct-q4_0',
    'a',
    'a-2',
  ]);
});

test('models for embeddings are known by their names', () => {
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

test('backends are named only where not all have the model', () => {
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
