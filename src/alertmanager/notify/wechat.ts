// WeChat Work: a token is fetched with the secret and kept, then messages are sent with it.
// https://developer.work.weixin.qq.com/document/path/90236

import { jsonAnswer, jsonRequest, omitEmpty, readJson } from './http-exchange.ts';
import { type Integration, type Line, type Notification, NotificationFailure } from './notifier.ts';
import type { Settings } from './settings.ts';

const tokenLifetimeMs = 2 * 60 * 60_000;
/** The token has expired: https://developer.work.weixin.qq.com/document/path/90313 */
const tokenExpired = 42001;

const defaults = {
  api_url: 'https://qyapi.weixin.qq.com/cgi-bin/',
  message: '{{ template "wechat.default.message" . }}',
  to_user: '{{ template "wechat.default.to_user" . }}',
  to_party: '{{ template "wechat.default.to_party" . }}',
  to_tag: '{{ template "wechat.default.to_tag" . }}',
  agent_id: '{{ template "wechat.default.agent_id" . }}',
};

export const wechat: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  let token: { readonly value: string; readonly at: number } | undefined;
  return async (notification, line) => {
    const message = messageOf(settings, notification);
    if (!token || line.now() - token.at > tokenLifetimeMs)
      token = { value: await fetchToken(settings, notification, line), at: line.now() };
    const url = new URL('message/send', settings.base('api_url'));
    url.searchParams.set('access_token', token.value);
    const answer = await line.send(jsonRequest(url, message, jsonAnswer(200, { errcode: 0, errmsg: 'ok' })));
    if (answer.status !== 200) throw new NotificationFailure(`unexpected status code ${answer.status}`, true);
    const { errcode, errmsg } = readJson(answer, 'WeChat');
    if (errcode === undefined || errcode === 0) return;
    if (errcode === tokenExpired) token = undefined;
    throw new NotificationFailure(String(errmsg), errcode === tokenExpired);
  };
};

async function fetchToken(settings: Settings, { text }: Notification, line: Line): Promise<string> {
  const url = new URL('gettoken', settings.base('api_url'));
  url.search = new URLSearchParams({
    corpid: text(settings.text('corp_id')),
    corpsecret: text(await settings.secret('api_secret', line)),
  }).toString();
  const answer = await line.send({
    method: 'GET',
    url,
    headers: {},
    body: undefined,
    aside: true,
    accepted: jsonAnswer(200, { errcode: 0, errmsg: 'ok', access_token: 'captured', expires_in: 7200 }),
  });
  if (answer.status >= 500) throw new NotificationFailure(`unexpected status code ${answer.status}`, true);
  const { access_token: token } = readJson(answer, 'WeChat');
  if (typeof token !== 'string' || token === '')
    throw new NotificationFailure('WeChat gives no token for this api_secret and corp_id', false);
  return token;
}

function messageOf(settings: Settings, { text }: Notification): object {
  const expanded = (name: string): string => text(settings.text(name));
  const content = expanded('message');
  const type = settings.text('message_type') || 'text';
  return {
    text: { content: type === 'markdown' ? '' : content },
    ...omitEmpty({
      touser: expanded('to_user'),
      toparty: expanded('to_party'),
      totag: expanded('to_tag'),
      agentid: expanded('agent_id'),
    }),
    safe: '0',
    msgtype: type,
    markdown: { content: type === 'markdown' ? content : '' },
  };
}
