import { posix } from 'node:path';

/** Identifiers with a standard name that the field uses instead: one row for each thing, by half of the program. */
export const REPLACED_NAMES: Readonly<Record<'gateway' | 'operator', Readonly<Record<string, readonly string[]>>>> = {
  gateway: {
    Scheduler: ['Desk', 'desk', 'DeskListener', 'Wish', 'wish', 'fate'],
    Forwarder: ['Relay', 'RelayListener', 'Errand', 'errand', 'spoken', 'giveUpOn'],
    ClientResponse: ['Commission', 'commission', 'owed', 'MOST_AT_ONCE'],
    handleRequest: ['turnAway'],
    Fallbacks: ['StandIns', 'standIns', 'standInKind'],
    RequestContext: ['Visit', 'visit', 'Account', 'account', 'Door', 'unmet'],
    ResponseWriter: ['Outlet', 'outlet', 'Debt', 'debt', 'owe'],
    ParsedRequest: ['Order', 'Share', 'Ask', 'asks', 'share', 'shares'],
    ResponseEncoder: ['ReplyWriter', 'AnswerReader', 'ServerCall', 'Outcome', 'Refusal'],
    UpstreamRequest: ['Sending', 'Recipient', 'Attempt'],
    Connection: ['Line', 'Vigil', 'Inquiry', 'Inquiries', 'inquire'],
    Capabilities: ['Abilities', 'Lack', 'lackIn', 'lacks', 'fit', 'unsaid', 'loosened'],
    UNRESPONSIVE: ['brokenness', 'lateness', 'DEAD', 'StopWatch', 'WholeAnswer'],
    INTERNAL_ERROR: ['OUR_FAULT', 'turnedAway', 'nobody', 'notGiven', 'notHonoured'],
    setCorsHeaders: ['allowOrigin', 'gather', 'doors'],
    Queue: ['Waiting', 'createLine', 'sizeOf', 'everybody', 'nextOf'],
    DeploymentState: ['Place', 'places', 'PlannedPlace', 'PlannedBackend', 'FleetPlan', 'replan'],
    Lease: ['Flight', 'flight'],
    cooldownUntilMs: ['restingUntilMs', 'leaving', 'lastTurn', 'restless', 'isRestless', 'dismiss'],
    Residency: ['Residence', 'residence', 'wantedRunner', 'isAtHand'],
    observe: [
      'sawLoaded',
      'sawRoomMade',
      'forgetResidence',
      'sawListing',
      'sawStart',
      'sawEnd',
      'sawWait',
      'sawPrefill',
    ],
    LoadWatch: ['Wedge', 'wedge', 'cureWedged', 'Stranded', 'stranded', 'lingering', 'Lingering'],
    yieldToLoads: ['drainForLoads', 'drains'],
    RateWindow: ['Minute', 'waitOf', 'Crowd', 'admitUpTo', 'loadForThoseWhoWait'],
    whyUnavailable: ['whyNone', 'refuseHopeless', 'takeDown', 'blame', 'weaken'],
    AttemptResult: ['Ending', 'Seen'],
  },
  operator: {
    runPhase: ['Undertaking', 'Breakage', 'Undertaken'],
    eventLog: ['ledger', 'Ledger', 'createLedger'],
    paths: ['placesOf', 'DemoPlaces', 'farewell', 'Farewell', 'farewellText'],
    inspect: ['Looked', 'keyInHand', 'KeyInHand', 'planRemoval', 'runRemove'],
    Actual: ['Seen', 'Wanted'],
    pluralize: ['counted', 'readTruth'],
    CommandResult: ['Ran', 'becoming', 'beats', 'Claim'],
    Tunnel: ['Way', 'openWay', 'Person'],
    BackendReply: ['Said', 'troubleOf', 'Trouble'],
  },
};

const IDENTIFIER = /(?<![\w$])[A-Za-z_$][\w$]*/g;
const EXPORT = /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/gm;

const EXPORT_LIST = /^export (?:type )?\{([^}]*)\}(?!\s*from)/gm;

/** Uses of replaced names in the code of a file; comments and strings are not looked at. */
export function replacedNamesIn(path: string, source: string): readonly string[] {
  const half = path.startsWith('gateway/') ? 'gateway' : path.startsWith('sim/') ? undefined : 'operator';
  if (half === undefined) return [];
  const used = new Set(codeOf(source).match(IDENTIFIER));
  return Object.entries(REPLACED_NAMES[half]).flatMap(([name, replaced]) =>
    replaced.filter((old) => used.has(old)).map((old) => `${path}: ${old} is called ${name} or as its row says`),
  );
}

/** The names that a file exports itself, lists without `from` included; names that it passes on from another file are that file's. */
function exportsOf(source: string): readonly string[] {
  const declared = [...source.matchAll(EXPORT)].map(([, name = '']) => name);
  const listed = [...source.matchAll(EXPORT_LIST)].flatMap(([, list = '']) =>
    list.split(',').map((entry) => /(\w+)\s*$/.exec(entry)?.[1] ?? ''),
  );
  return [...declared, ...listed.filter((name) => name !== '')];
}

/** Names that more than one file of a folder exports. */
export function exportedTwice(files: ReadonlyMap<string, string>, folder: string): readonly string[] {
  const places = new Map<string, string[]>();
  for (const [path, source] of files)
    if (path.startsWith(`${folder}/`))
      for (const name of exportsOf(source)) places.set(name, [...(places.get(name) ?? []), path]);
  return [...places].flatMap(([name, paths]) =>
    paths.length > 1
      ? [`${name} is exported by ${paths.map((path) => posix.relative(folder, path)).join(' and ')}`]
      : [],
  );
}

/** The code of a source, without comments, strings and the text of templates. */
function codeOf(source: string): string {
  return source
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, ' ')
    .replaceAll(/`[^`]*`/g, (template) => (template.match(/\$\{[^}]*\}/g) ?? []).join(' '));
}
