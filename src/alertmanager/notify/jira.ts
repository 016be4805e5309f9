// Jira: the group's issue is looked for by a label, created or updated, and moved on when the alerts have ended or
// come back. https://developer.atlassian.com/cloud/jira/platform/rest/v2/

import { exchange, groupHash, jsonAnswer, jsonRequest, readJson } from './http-exchange.ts';
import { type Integration, type Line, type Notification, NotificationFailure } from './notifier.ts';
import type { Settings } from './settings.ts';
import { truncateCharacters } from './truncate.ts';

const charactersMax = { summary: 255, description: 32_767 } as const;
const retried = [429];
const headers = { 'accept-language': 'en' };

const defaults = {
  api_type: 'auto',
  priority: '{{ template "jira.default.priority" . }}',
};
const defaultTexts = {
  summary: '{{ template "jira.default.summary" . }}',
  description: '{{ template "jira.default.description" . }}',
};

interface Issue {
  readonly key: string;
  readonly isDone: boolean;
}

export const jira: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  // What a drill has opened, so that its end finds it again.
  const opened = new Set<string>();
  return async (notification, line) => {
    const { groupKey, status } = notification;
    const issue = await findIssue(settings, notification, line, opened.has(groupKey));
    if (!issue && status === 'resolved') return;
    const base = settings.base('api_url');
    const fields = fieldsOf(settings, notification, issue !== undefined);
    const request = issue
      ? jsonRequest(new URL(`issue/${issue.key}`, base), { fields }, jsonAnswer(204, {}), {
          method: 'PUT',
          headers,
        })
      : jsonRequest(new URL('issue', base), { fields }, jsonAnswer(201, { id: '1', key: 'DRILL-1' }), {
          headers,
        });
    await exchange(request, line, retried);
    if (status === 'firing') opened.add(groupKey);
    else opened.delete(groupKey);
    if (issue) await move(settings, issue, status, line);
  };
};

async function findIssue(
  settings: Settings,
  notification: Notification,
  line: Line,
  wasOpened: boolean,
): Promise<Issue | undefined> {
  const search = { fields: ['status'], jql: queryOf(settings, notification), maxResults: 2 };
  const known = { key: 'DRILL-1', fields: { status: { statusCategory: { key: 'new' } } } };
  const accepted = jsonAnswer(200, { issues: wasOpened ? [known] : [] });
  const request = jsonRequest(searchUrl(settings), search, accepted, { headers, aside: true });
  const { issues } = readJson(await exchange(request, line, retried), 'Jira');
  const found = Array.isArray(issues) ? (issues as (typeof known | undefined)[])[0] : undefined;
  if (!found || typeof found.key !== 'string') return undefined;
  return { key: encodeURIComponent(found.key), isDone: found.fields?.status?.statusCategory?.key === 'done' };
}

/** The newer search is there in the cloud only, the older one elsewhere only. */
function searchUrl(settings: Settings): URL {
  const base = settings.base('api_url');
  const type = settings.text('api_type');
  const cloud = type === 'cloud' || (type === 'auto' && base.host.endsWith('atlassian.net'));
  if (!cloud) return new URL('search', base);
  const url = new URL('search/jql', base);
  url.pathname = url.pathname.replace('/rest/api/2/', '/rest/api/3/');
  return url;
}

function queryOf(settings: Settings, { text, status, groupKey }: Notification): string {
  const wontFix = settings.text('wont_fix_resolution');
  const reopenMinutes = Math.trunc(settings.durationMs('reopen_duration') / 60_000);
  const reopens = status === 'firing' && settings.has('reopen_transition') && reopenMinutes > 0;
  return [
    ...(wontFix === '' ? [] : [`(resolution is EMPTY or resolution != ${JSON.stringify(wontFix)})`]),
    reopens ? `(resolutiondate is EMPTY OR resolutiondate >= -${reopenMinutes}m)` : 'statusCategory != Done',
    `project=${JSON.stringify(text(settings.text('project')))}`,
    `labels=${JSON.stringify(labelOf(groupKey))} order by status ASC,resolutiondate DESC`,
  ].join(' and ');
}

function labelOf(groupKey: string): string {
  return `ALERT{${groupHash(groupKey)}}`;
}

function fieldsOf(settings: Settings, { text, tree, groupKey }: Notification, isUpdate: boolean): object {
  const summary = truncateCharacters(text(templateOf(settings, 'summary')), charactersMax.summary);
  const description = truncateCharacters(
    text(templateOf(settings, 'description')),
    charactersMax.description,
  );
  const priority = text(settings.text('priority'));
  const labels = [...settings.texts('labels').map(text), labelOf(groupKey)].sort();
  return {
    ...(updates(settings, 'summary', isUpdate) && { summary }),
    ...(updates(settings, 'description', isUpdate) && describe(settings, description)),
    issuetype: { name: text(settings.text('issue_type')) },
    labels,
    ...(priority !== '' && { priority: { name: priority } }),
    project: { key: text(settings.text('project')) },
    ...(tree(settings.raw('fields') ?? {}) as object),
  };
}

/** A text, or a mapping with the text in `template`. */
function templateOf(settings: Settings, key: 'summary' | 'description'): string {
  return (settings.map(key)?.text('template') ?? settings.text(key)) || defaultTexts[key];
}

function updates(settings: Settings, key: string, isUpdate: boolean): boolean {
  return !isUpdate || (settings.map(key)?.flag('enable_update', true) ?? true);
}

/** Version 3 of the API wants a document in JSON where version 2 takes a text. */
function describe(settings: Settings, description: string): object {
  if (!/\/3\/?$/.test(settings.url('api_url').pathname)) return description === '' ? {} : { description };
  if (description.trim() === '') return {};
  try {
    return { description: JSON.parse(description) as unknown };
  } catch {
    throw new NotificationFailure('description is not JSON, which version 3 of the API wants', false);
  }
}

async function move(
  settings: Settings,
  issue: Issue,
  status: Notification['status'],
  line: Line,
): Promise<void> {
  const wanted = status === 'firing' ? issue.isDone : !issue.isDone;
  const name = settings.text(status === 'firing' ? 'reopen_transition' : 'resolve_transition');
  if (!wanted || name === '') return;
  const url = new URL(`issue/${issue.key}/transitions`, settings.base('api_url'));
  const list = await exchange(
    {
      method: 'GET',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      body: undefined,
      aside: true,
      accepted: jsonAnswer(200, { transitions: [{ id: '1', name }] }),
    },
    line,
    retried,
  );
  const { transitions } = readJson(list, 'Jira');
  const found = (Array.isArray(transitions) ? (transitions as { id: string; name: string }[]) : []).find(
    (transition) => transition.name === name,
  );
  if (!found) throw new NotificationFailure(`the issue ${issue.key} has no transition ${name}`, false);
  const body = { transition: { id: found.id } };
  await exchange(jsonRequest(url, body, jsonAnswer(204, {}), { headers, aside: true }), line, retried);
}
