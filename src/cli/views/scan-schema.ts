import { described, objectOf } from '../../core/json-schema.ts';
import { reportPart } from '../../core/report-schema.ts';
import type {
  GpuDocument,
  ModelDocument,
  ScanDocument,
  ServerDocument,
} from '../../phases/inventory/scan/scan-document.ts';
import type { StatedSettings } from '../../phases/inventory/scan/scan.ts';

const { text, count, list } = described;
const flag = (description: string): { readonly description: string; readonly type: 'boolean' } => ({
  description,
  type: 'boolean',
});

const SETTINGS = objectOf<StatedSettings>(
  'The settings that the server states. A setting that it leaves open is absent.',
  {
    numParallel: { optional: count('`OLLAMA_NUM_PARALLEL`.') },
    contextLength: { optional: count('`OLLAMA_CONTEXT_LENGTH`, in tokens.') },
    keepAlive: { optional: text('`OLLAMA_KEEP_ALIVE`.') },
    maxLoadedModels: { optional: count('`OLLAMA_MAX_LOADED_MODELS`; 0 stands for Ollama’s own choice.') },
  },
);

const GPU = objectOf<GpuDocument>('A GPU.', {
  maker: described.word<GpuDocument['maker']>('The program that listed it.', { nvidia: 'nvidia-smi', amd: 'rocm-smi' }),
  name: text('Its name.'),
  vramMiB: { optional: count('Its memory, in MiB.') },
});

const SERVER = objectOf<ServerDocument>('A backend.', {
  url: text('Its address.'),
  answers: flag('Whether it answered over HTTP.'),
  version: { optional: text('Its version of Ollama.') },
  problem: { optional: reportPart('problem') },
  host: { optional: text('The host of `[ollama]` that it runs on.') },
  source: {
    optional: described.word<NonNullable<ServerDocument['source']>>('The place that states the settings.', {
      process: 'the environment of the running server',
      unit: 'ollama.service',
    }),
  },
  container: { optional: text('The kind of the container that the server runs in.') },
  settings: { optional: SETTINGS },
  gpus: { optional: list('The GPUs of its host.', GPU) },
  vramMiB: { optional: count('The memory of all GPUs, in MiB.') },
  remarks: { optional: list('Remarks on the settings.', { type: 'string' }) },
  unknown: { optional: text('The reason why the settings are unknown.') },
});

const MODEL = objectOf<ModelDocument>('A model and the backends that have it.', {
  name: text('Its name.'),
  sizeBytes: { optional: count('Its size on disk, in bytes.') },
  trainedContext: {
    optional: count('The longest context that it was trained for, in tokens; the smallest of the backends.'),
  },
  differs: flag('Whether backends have other weights under the name.'),
  digests: {
    description: 'The digest on each backend that has it, by URL.',
    type: 'object',
    additionalProperties: { type: 'string' },
  },
});

/** The schema of the result of `inventory --scan`. */
export const SCAN = objectOf<ScanDocument>('The result of `inventory --scan`.', {
  overSsh: flag('Whether the inventory has the group `[ollama]`, whose hosts are asked over SSH.'),
  servers: list('The backends, in the order of litellm_backends.', SERVER),
  models: list('The models of the backends, and those of litellm_models that no backend has.', MODEL),
  otherHosts: list('Hosts of `[ollama]` that no backend names.', { type: 'string' }),
});
