// /api/v2/silences and /api/v2/silence/ID.

import { AlertMatcher, MatcherSyntaxError } from '../../alertmanager/matcher/matcher.ts';
import { isLabelName } from '../../alertmanager/matcher/parse.ts';
import {
  InvalidSilenceError,
  type PostedSilence,
  type Silence,
  type SilenceState,
  silenceState,
  UnknownSilenceError,
} from '../../alertmanager/silence/silences.ts';
import type { MatchOperator } from '../../base/matcher.ts';
import type { Answer } from '../http/answer.ts';
import type { ApiRequest } from '../http/request.ts';
import { timeText } from './alert-json.ts';
import type { Alertmanager } from './alertmanager.ts';
import { empty, json, RefusedRequest } from './answers.ts';
import { Fields, readJson } from './body.ts';
import { filterParameters, flagParameter } from './parameters.ts';

const bodyBytesMax = 1024 * 1024;

/** Active ones by their end, those to come by their start, those that are over with the latest first. */
export function getSilences({ dispatcher, now }: Alertmanager, { parameters }: ApiRequest): Answer {
  const wanted = filterParameters(parameters).map(String);
  const states: SilenceState[] = ['active', 'pending', 'expired'];
  const shown = states.filter((state) => flagParameter(parameters, state));
  // Alertmanager gives all when none is asked for.
  const inStates = shown.length === 0 ? states : shown;
  const silences = dispatcher.silences
    .list()
    .filter(({ matchers }) => wanted.every((text) => matchers.some((matcher) => String(matcher) === text)));
  const sorted = inStates.flatMap((state) =>
    silences
      .filter((silence) => silenceState(silence, now) === state)
      .sort((a, b) => sortKey(a, state) - sortKey(b, state)),
  );
  return json(sorted.map((silence) => silenceJson(silence, now)));
}

function sortKey({ startsAt, endsAt }: Silence, state: SilenceState): number {
  if (state === 'active') return endsAt;
  return state === 'pending' ? startsAt : -endsAt;
}

export function getSilence({ dispatcher, now }: Alertmanager, request: ApiRequest): Answer {
  const silence = dispatcher.silences.get(silenceId(request));
  return silence ? json(silenceJson(silence, now)) : empty(404);
}

export function deleteSilence({ dispatcher, now }: Alertmanager, request: ApiRequest): Answer {
  return empty(dispatcher.silences.expire(silenceId(request), now) ? 200 : 404);
}

export async function postSilence(alertmanager: Alertmanager, request: ApiRequest): Promise<Answer> {
  const posted = postedSilence(await readJson(request, 'silence', bodyBytesMax));
  const refuse = (reason: string) => RefusedRequest.of(400, `Failed to create silence: ${reason}`);
  if (posted.startsAt >= posted.endsAt) throw refuse('start time must be before end time');
  if (posted.endsAt < alertmanager.now) throw refuse("end time can't be in the past");
  try {
    return json({ silenceID: alertmanager.submitSilence(posted).id });
  } catch (error) {
    if (error instanceof UnknownSilenceError) throw RefusedRequest.of(404, error.message);
    if (error instanceof InvalidSilenceError)
      throw RefusedRequest.of(400, `invalid silence: ${error.message}`);
    throw error;
  }
}

function postedSilence(body: unknown): PostedSilence {
  const fields = new Fields(body, 'silence');
  const id = fields.text('id') ?? '';
  const comment = fields.text('comment');
  if (comment === undefined) throw fields.missing('comment');
  const author = fields.text('createdBy');
  if (author === undefined) throw fields.missing('createdBy');
  const endsAt = fields.time('endsAt');
  if (endsAt === undefined) throw fields.missing('endsAt');
  const matchers = fields.list('matchers');
  if (!matchers) throw fields.missing('matchers');
  if (matchers.length === 0) throw RefusedRequest.tooFew('matchers in body');
  if (fields.text('startsAt') === undefined) throw fields.missing('startsAt');
  return {
    id: id === '' ? undefined : id,
    matchers: matchers.map(silenceMatcher),
    // No time means from now on, as any that is past does.
    startsAt: fields.time('startsAt') ?? 0,
    endsAt,
    author,
    comment,
    annotations: fields.texts('annotations') ?? {},
  };
}

function silenceMatcher(value: unknown, place: number): AlertMatcher {
  const fields = new Fields(value, 'silence', `matchers.${place}.`);
  const name = fields.text('name');
  const pattern = fields.text('value');
  if (name === undefined) throw fields.missing('name');
  if (pattern === undefined) throw fields.missing('value');
  const refuse = (reason: string) =>
    RefusedRequest.of(400, `invalid silence: invalid label matcher ${place}: ${reason}`);
  if (!isLabelName(name, 'fallback')) throw refuse(`invalid label name ${JSON.stringify(name)}`);
  const isRegex = fields.flag('isRegex') ?? false;
  const isEqual = fields.flag('isEqual') ?? true;
  const operator: MatchOperator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
  try {
    return new AlertMatcher(name, operator, pattern);
  } catch (error) {
    if (error instanceof MatcherSyntaxError)
      throw refuse(`${error.message}, in ${JSON.stringify(pattern.slice(0, 200))}`);
    throw error;
  }
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

function silenceId({ pathParameters }: ApiRequest): string {
  const { silenceID = '' } = pathParameters;
  if (!uuid.test(silenceID)) throw RefusedRequest.notOfType('silenceID in path', 'uuid', silenceID);
  return silenceID.toLowerCase();
}

function silenceJson(silence: Silence, now: number): object {
  const { id, matchers, startsAt, endsAt, updatedAt, author, comment, annotations } = silence;
  return {
    id,
    status: { state: silenceState(silence, now) },
    updatedAt: timeText(updatedAt),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    comment,
    createdBy: author,
    endsAt: timeText(endsAt),
    matchers: matchers.map(({ name, value, operator }) => ({
      isEqual: !operator.startsWith('!'),
      isRegex: operator.endsWith('~'),
      name,
      value,
    })),
    startsAt: timeText(startsAt),
  };
}
