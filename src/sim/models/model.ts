import { createHash } from 'node:crypto';
import { familyOf, type Capability, type Family } from './family.ts';
import { parseName, shortName, type Name } from './name.ts';
import { Refusal } from '../wire/refusal.ts';

/** A model as `--model` or a test describes it. Absent fields come from the family of the name. */
export interface ModelSpec {
  readonly name: string;
  readonly family?: string;
  readonly sizeMiB?: number;
  readonly trainedContext?: number;
  readonly embeddingLength?: number;
  readonly capabilities?: readonly Capability[];
  readonly engine?: 'llama' | 'ollama';
  /** `PARAMETER num_ctx` and `num_predict` of its Modelfile. */
  readonly numCtx?: number;
  readonly numPredict?: number;
  /** Number of tokens of an unlimited answer. Absent: the prompt decides (8 to 47). */
  readonly answerTokens?: number;
  /** Models with the same value share one weights file, as after `ollama cp`. */
  readonly weights?: string;
}

/** A model on the server's disk. */
export interface Model extends Family {
  readonly name: Name;
  readonly shortName: string;
  /** Digest of the weights file. Models with the same digest share one runner. */
  readonly weights: string;
  /** Digest of the manifest, as lists show it. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly answerTokens: number | undefined;
  /** Parameters of its Modelfile. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly modifiedAt: Date;
}

// Families that have one slot at most (server/sched.go).
const SINGLE_SLOT = /^(?:mllama|qwen3vl|qwen35|qwen3next|lfm2|nemotron_h)/;

/** Creates a model from its description. Throws a Refusal if the name is invalid. */
export function createModel(spec: ModelSpec, modifiedAt: Date): Model {
  const name = parseName(spec.name, () => new Refusal(400, 'model is required'));
  const family = familyOf(name.model);
  const sizeMiB = spec.sizeMiB ?? family.sizeMiB;
  const parameters = {
    ...(spec.numCtx === undefined ? {} : { num_ctx: spec.numCtx }),
    ...(spec.numPredict === undefined ? {} : { num_predict: spec.numPredict }),
  };
  const weights = sha256(`weights ${spec.weights ?? shortName(name).toLowerCase()}`);
  return {
    ...family,
    family: spec.family ?? family.family,
    capabilities: spec.capabilities ?? family.capabilities,
    engine: spec.engine ?? family.engine,
    trainedContext: spec.trainedContext ?? family.trainedContext,
    embeddingLength: spec.embeddingLength ?? family.embeddingLength,
    sizeMiB,
    name,
    shortName: shortName(name),
    weights,
    digest: sha256(`${weights} ${JSON.stringify(parameters)}`),
    sizeBytes: Math.round(sizeMiB * 1_048_576),
    answerTokens: spec.answerTokens,
    parameters,
    modifiedAt,
  };
}

/** Whether a model has a capability. */
export function can(model: Model, capability: Capability): boolean {
  return model.capabilities.includes(capability);
}

/** Number of requests that a model serves at once when the server allows `numParallel`. */
export function slotsOf(model: Model, numParallel: number): number {
  return can(model, 'completion') && !SINGLE_SLOT.test(model.family) ? numParallel : 1;
}

/** The `details` object that tags, ps and show have in common. */
export function detailsOf(model: Model, parent = ''): object {
  return {
    parent_model: parent,
    format: 'gguf',
    family: model.family,
    families: [model.family],
    parameter_size: model.parameterSize,
    quantization_level: model.quantization,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
