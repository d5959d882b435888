/** A capability of a model, in Ollama's words. */
export type Capability = 'completion' | 'embedding' | 'tools' | 'thinking' | 'vision' | 'insert';

/** Defaults of a model, by its family. A ModelSpec overrides them. */
export interface Family {
  readonly family: string;
  readonly capabilities: readonly Capability[];
  readonly parameterSize: string;
  readonly quantization: string;
  readonly sizeMiB: number;
  readonly trainedContext: number;
  readonly embeddingLength: number;
  readonly engine: 'llama' | 'ollama';
}

const LLAMA: Family = {
  family: 'llama',
  capabilities: ['completion', 'tools'],
  parameterSize: '8.0B',
  quantization: 'Q8_0',
  sizeMiB: 8145,
  trainedContext: 131_072,
  embeddingLength: 4096,
  engine: 'llama',
};

// Keyed by the beginning of the name, the longest first. Sizes and capabilities are those of Ollama's library.
const FAMILIES: readonly (readonly [string, Family])[] = [
  [
    'nomic-embed-text',
    {
      family: 'nomic-bert',
      capabilities: ['embedding'],
      parameterSize: '137M',
      quantization: 'F16',
      sizeMiB: 262,
      trainedContext: 2048,
      embeddingLength: 768,
      engine: 'llama',
    },
  ],
  [
    'mxbai-embed',
    {
      family: 'bert',
      capabilities: ['embedding'],
      parameterSize: '334M',
      quantization: 'F16',
      sizeMiB: 639,
      trainedContext: 512,
      embeddingLength: 1024,
      engine: 'ollama',
    },
  ],
  [
    'gpt-oss',
    {
      ...LLAMA,
      family: 'gptoss',
      capabilities: ['completion', 'tools', 'thinking'],
      parameterSize: '20.9B',
      quantization: 'MXFP4',
      sizeMiB: 13_149,
      embeddingLength: 2880,
      engine: 'ollama',
    },
  ],
  [
    'gemma3',
    {
      ...LLAMA,
      family: 'gemma3',
      capabilities: ['completion', 'vision'],
      parameterSize: '4.3B',
      quantization: 'Q4_K_M',
      sizeMiB: 3184,
      embeddingLength: 2560,
      engine: 'ollama',
    },
  ],
  ['llama3.', LLAMA],
  ['llama3', { ...LLAMA, capabilities: ['completion'], trainedContext: 8192 }],
  [
    'qwen3',
    {
      ...LLAMA,
      family: 'qwen3',
      capabilities: ['completion', 'tools', 'thinking'],
      parameterSize: '8.2B',
      quantization: 'Q4_K_M',
      sizeMiB: 4983,
      trainedContext: 40_960,
      engine: 'ollama',
    },
  ],
  [
    'phi3',
    {
      ...LLAMA,
      family: 'phi3',
      capabilities: ['completion'],
      parameterSize: '3.8B',
      sizeMiB: 3873,
      embeddingLength: 3072,
    },
  ],
];

/** Finds the family of a model by its name. An unknown name gets the llama family with tools. */
export function familyOf(model: string): Family {
  return FAMILIES.find(([start]) => model.toLowerCase().startsWith(start))?.[1] ?? LLAMA;
}
