import { detailsOf } from '../models/model.ts';
import { residency } from '../runner/memory.ts';
import { goJson } from '../wire/json.ts';
import { goTime } from '../wire/time.ts';
import type { Call } from './call.ts';

/** `/`: the text "Ollama is running". */
export function sayHello(call: Call): void {
  call.line.whole(200, 'plainText', 'Ollama is running');
}

/** `/api/version`. */
export function showVersion(call: Call): void {
  call.line.whole(200, 'json', goJson({ version: call.machine.settings.version }));
}

/** `/api/tags`: the models on disk, the newest first. */
export function listModels(call: Call): void {
  const models = call.machine.catalogue.list().map((model) => ({
    name: model.shortName,
    model: model.shortName,
    modified_at: goTime(model.modifiedAt),
    size: model.sizeBytes,
    digest: model.digest,
    details: detailsOf(model),
  }));
  call.line.whole(200, 'json', goJson({ models }));
}

/** `/api/ps`: the models in memory, the one that expires last first. */
export function listLoaded(call: Call): void {
  const { scheduler, settings } = call.machine;
  const runners = scheduler.list();
  const models = runners.map((runner) => ({
    name: runner.model.shortName,
    model: runner.model.shortName,
    size: runner.sizeBytes,
    digest: runner.model.digest,
    details: detailsOf(runner.model),
    expires_at: goTime(runner.expiresAt),
    size_vram: residency(runner, runners, settings).vramBytes,
    context_length: runner.contextLength,
  }));
  call.line.whole(200, 'json', goJson({ models }));
}
