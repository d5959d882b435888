import { defaultFolders, pathsOf, type HostConfig, type Settings } from '../../config/config.ts';
import type { CallOptions, Host } from '../../core/host.ts';
import { randomId } from '../../core/id.ts';
import type { Result } from '../../core/problem.ts';
import { ask } from '../../facts/ask.ts';
import { footprintQuestion } from '../../facts/footprint/question.ts';
import { foreignQuestion } from '../../facts/foreign.ts';
import { installationQuestion } from '../../facts/installation/question.ts';
import { hostnameOf, nameQuestion, type Addresses } from '../../facts/name.ts';
import { ollamaModelsQuestion, type BackendReply, type ListedModel } from '../../facts/ollama.ts';
import type { Facts, Question } from '../../facts/question.ts';
import type { DesiredFile } from '../../render/content.ts';
import { unitsQuestion, type UnitVerdicts } from './units.ts';

/** All facts that validate has of a host. */
export type HostFacts = Facts<
  ReturnType<typeof questionsOfHost> & { readonly units: Question<UnitVerdicts> } & FleetQuestions
>;

type FleetQuestions = {
  readonly [name: `resolves ${string}`]: Question<Addresses>;
  readonly [models: `models ${string}`]: Question<BackendReply<readonly ListedModel[]>>;
};

/** Asks for all of them in one script. `units` are judged there, `files` are the paths of the rendered files. */
export function askHost(
  host: Host,
  { become, settings }: HostConfig,
  { units, files }: { readonly units: readonly DesiredFile[]; readonly files: readonly string[] },
  options: CallOptions,
): Promise<Result<HostFacts>> {
  const questions = { ...questionsOfHost(settings, files), units: unitsQuestion(units), ...questionsOfFleet(settings) };
  return ask(host, questions, randomId(), { ...options, become });
}

function questionsOfHost(settings: Settings, files: readonly string[]) {
  const paths = pathsOf(settings);
  return {
    footprint: footprintQuestion({ ...settings, ...paths, defaults: defaultFolders(settings) }),
    foreign: foreignQuestion(paths, settings),
    installation: installationQuestion({
      ...settings,
      ...paths,
      verify: false,
      paths: files,
    }),
  };
}

function questionsOfFleet({ backends = [] }: Settings): FleetQuestions {
  return Object.fromEntries([
    ...backends.map(({ url }) => [`resolves ${hostnameOf(url)}`, nameQuestion(hostnameOf(url))]),
    ...backends.map(({ url }) => [`models ${url}`, ollamaModelsQuestion(url)]),
  ]);
}
