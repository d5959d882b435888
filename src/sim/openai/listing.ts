import type { Model } from '../models/model.ts';
import type { Call } from '../native/call.ts';
import { findModel, notFound } from '../native/session.ts';
import { goJson } from '../wire/json.ts';
import { Refusal } from '../wire/refusal.ts';

/** `/v1/models`. `data` is `null` if the server has no models, as in Ollama. */
export function listModels(call: Call): void {
  const models = call.machine.catalogue.list();
  const data = models.length === 0 ? null : models.map((model) => entryOf(model, model.shortName));
  call.line.whole(200, 'plainJson', `${goJson({ object: 'list', data })}\n`);
}

/** `/v1/models/:id`: the id is the name as the client spelled it. */
export function showModel(call: Call): void {
  const asked = decodeURIComponent(call.path.slice('/v1/models/'.length));
  const model = findModel(
    call,
    asked,
    () => new Refusal(400, 'model is required'),
    () => notFound(asked),
  );
  call.line.whole(200, 'plainJson', `${goJson(entryOf(model, asked))}\n`);
}

function entryOf(model: Model, id: string): object {
  return {
    id,
    object: 'model',
    created: Math.floor(model.modifiedAt.getTime() / 1000),
    owned_by: model.name.namespace,
  };
}
