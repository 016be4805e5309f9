// Amazon SNS's Publish, signed with AWS Signature Version 4.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html

import { exchange, groupHash } from './http-exchange.ts';
import { type Integration, type Notification, NotificationFailure } from './notifier.ts';
import type { Settings } from './settings.ts';
import { signRequest } from './signature-v4.ts';

const messageBytesMax = 256 * 1024;
/** Of a text message to a telephone. */
const shortMessageBytesMax = 1600;

const defaults = {
  subject: '{{ template "sns.default.subject" . }}',
  message: '{{ template "sns.default.message" . }}',
};

const accepted = {
  status: 200,
  contentType: 'text/xml',
  body:
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>captured</MessageId>' +
    '</PublishResult><ResponseMetadata><RequestId>captured</RequestId></ResponseMetadata></PublishResponse>',
};

export const sns: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const sigv4 = settings.map('sigv4');
    const region = sigv4?.text('region') ?? '';
    const [accessKey, secretKey] = [sigv4?.text('access_key') ?? '', sigv4?.text('secret_key') ?? ''];
    if (region === '') throw new NotificationFailure('sigv4.region is not set', false);
    if (accessKey === '' || secretKey === '')
      throw new NotificationFailure('sigv4 needs access_key and secret_key', false);
    const url = endpoint(notification.text(settings.text('api_url')), region);
    const body = new URLSearchParams(parametersOf(settings, notification)).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const signed = signRequest(
      { method: 'POST', url, headers, body },
      { service: 'sns', region, accessKey, secretKey },
      line.now(),
    );
    await exchange({ method: 'POST', url, headers: { ...headers, ...signed }, body, accepted }, line);
  };
};

function endpoint(given: string, region: string): URL {
  if (given === '') return new URL(`https://sns.${region}.amazonaws.com/`);
  const text = /^[a-z]+:\/\//i.test(given) ? given : `https://${given}`;
  if (!URL.canParse(text)) throw new NotificationFailure('api_url is not an address', false);
  return new URL(text);
}

function parametersOf(settings: Settings, notification: Notification): Record<string, string> {
  const expanded = (name: string): string => notification.text(settings.text(name));
  const topic = expanded('topic_arn');
  const phone = expanded('phone_number');
  const whole = expanded('message');
  const message = cutBytes(whole, phone === '' ? messageBytesMax : shortMessageBytesMax);
  const attributes = settings
    .pairs('attributes')
    .map(([name, value]): [string, string] => [notification.text(name), notification.text(value)]);
  if (message !== whole) attributes.push(['truncated', 'true']);
  const target = expanded('target_arn');
  const subject = expanded('subject');
  return {
    Action: 'Publish',
    Message: message,
    ...attributeParameters(attributes),
    ...(topic.endsWith('.fifo') && {
      MessageDeduplicationId: groupHash(notification.groupKey),
      MessageGroupId: groupHash(notification.groupKey),
    }),
    ...(phone !== '' && { PhoneNumber: phone }),
    ...(settings.has('subject') && { Subject: subject }),
    ...(target !== '' && { TargetArn: target }),
    ...(topic !== '' && { TopicArn: topic }),
    Version: '2010-03-31',
  };
}

function attributeParameters(attributes: readonly (readonly [string, string])[]): Record<string, string> {
  const sorted = [...attributes].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.flatMap(([name, value], i) => {
      const prefix = `MessageAttributes.entry.${i + 1}`;
      return [
        [`${prefix}.Name`, name],
        [`${prefix}.Value.DataType`, 'String'],
        [`${prefix}.Value.StringValue`, value],
      ];
    }),
  );
}

/** The first bytes of the text; a character that would be cut in two is left out. */
function cutBytes(text: string, max: number): string {
  if (Buffer.byteLength(text) <= max) return text;
  return Buffer.from(text)
    .subarray(0, max)
    .toString()
    .replace(/\uFFFD+$/, '');
}
