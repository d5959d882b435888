import { MODEL_OFFLINE } from '../../core/without-internet.ts';
import type { Check } from '../../core/check.ts';
import { inWords, placeOf } from '../../core/problem.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../core/verdict.ts';
import { STRAY_CHECKS } from './stray-checks.ts';
import type { ListState, InventorySubject } from './subject.ts';

const ADD_BACKENDS = 'hxllm inventory --backend http://SERVER:11434';

const MODELS_EXAMPLE = 'litellm_models: [{name: "llama3", model: "llama3:8b"}]';

/** The checks of inventory, in order. The files are judged with the changes of this run. */
export const INVENTORY_CHECKS: readonly Check<InventorySubject>[] = [
  {
    id: 'inventory.group',
    title: 'the inventory has the group [litellm] with a host',
    severity: 'error',
    judge: ({ group }) => {
      if (group.added !== undefined) return pass(`${group.added} is added to [litellm] in ${group.file}`);
      if (group.hosts.length > 0) return pass(`[litellm] has ${group.hosts.join(', ')}`);
      const [first = 'HOST'] = group.candidates;
      return failed(
        'a host in [litellm]',
        group.candidates.length === 0
          ? 'none, and no host that could be added'
          : `none, and several that could be added: ${group.candidates.join(', ')}`,
        `hxllm inventory --add ${first}`,
      );
    },
  },
  {
    id: 'inventory.backends',
    title: 'litellm_backends names the Ollama servers',
    severity: 'error',
    judge: ({ backends, begun }) =>
      begun && backends.state === 'missing'
        ? notApplicable(`none yet: ${ADD_BACKENDS}`)
        : judgeList(backends, 'litellm_backends', ADD_BACKENDS),
  },
  {
    id: 'inventory.backends-kept',
    title: 'every --backend is in litellm_backends',
    severity: 'warning',
    after: ['inventory.backends'],
    judge: ({ unlisted, backends }) => {
      if (unlisted.length === 0)
        return backends.state === 'added' ? pass('all of them') : notApplicable('no other --backend was given');
      const place = backends.state === 'defined' ? placeOf({ ...backends.where }) : '';
      return failed(
        `${unlisted.join(', ')} in litellm_backends`,
        `an existing list (${place}), which is not changed`,
        `add to the list by hand:   - "${unlisted[0] ?? ''}"`,
      );
    },
  },
  {
    id: 'inventory.backends-answer',
    title: 'the backends that were asked for their models answer',
    severity: 'warning',
    after: ['inventory.backends'],
    judge: ({ models }) => {
      const [first] = models.unanswered;
      if (first !== undefined)
        return failed(
          `the models of ${models.unanswered.map(({ url }) => url).join(', ')}`,
          `no list of models: ${inWords(first.problem)}`,
          first.problem.fix,
        );
      if (models.state === 'added')
        return pass(
          ['all of them', ...models.relayed.map(({ url, from }) => `${url} was asked from ${from}`)].join('; '),
        );
      return notApplicable(
        models.state === 'defined' ? 'no backend was asked, since litellm_models is defined' : 'no backend was asked',
      );
    },
  },
  {
    id: 'inventory.models',
    title: 'litellm_models names the models for clients',
    severity: 'error',
    after: ['inventory.backends'],
    judge: ({ models, backends, begun }) => {
      if (begun && backends.state === 'missing')
        return notApplicable('none yet: they are made from the models of the backends');
      if (models.state === 'missing' && models.unanswered.length > 0)
        return unknown(
          'no backend told its models',
          `hxllm inventory  # when a backend answers; or by hand in group_vars/all/main.yml: ${MODELS_EXAMPLE}`,
        );
      return judgeList(
        models,
        'litellm_models',
        `ollama pull llama3:8b  # on a backend; then: hxllm inventory; ${MODEL_OFFLINE}`,
      );
    },
  },
  {
    id: 'inventory.vault',
    title: 'the vault has litellm_master_key',
    severity: 'warning',
    judge: ({ key, vault }) => {
      if (key.state === 'added') return pass(`a new key is added to ${key.file}`);
      if (key.state === 'set') return pass(`set in ${placeOf(key.where)}`);
      if (key.state === 'locked')
        return pass(`${key.file} is encrypted and was not opened; hxllm assumes that the key is in it`);
      return failed(
        'litellm_master_key in an encrypted file',
        'none',
        vault.exists ? `ansible-vault edit ${vault.file}` : 'hxllm inventory --vault-init',
      );
    },
  },
  ...STRAY_CHECKS,
];

function judgeList(list: ListState, name: string, fix: string): Verdict {
  if (list.state === 'defined') return pass(`${entriesText(list.entries)} (${placeOf(list.where)})`);
  if (list.state === 'added') return pass(`${entriesText(list.entries)}, added to ${list.file}`);
  if (list.state === 'partly')
    return failed(
      `${name} for every host of [litellm]`,
      `none for ${list.without.join(', ')}`,
      `define ${name} for ${list.without.join(', ')} too, or once in group_vars/all/main.yml`,
    );
  return failed(name, 'nothing', fix);
}

function entriesText(entries: readonly string[]): string {
  return entries.length > 6
    ? `${entries.slice(0, 6).join(', ')} and ${String(entries.length - 6)} more`
    : entries.join(', ');
}
