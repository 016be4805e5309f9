// What each integration's settings are called, which of them exclude each other, which must be there (in the
// receiver or, under the name that stands behind it, in `global`), and which are secret. Data, so that a whole
// configuration can be checked, and every integration built, by the same code.

/** Any one of `keys` is enough, or any one of the global settings `globals`. */
interface Need {
  readonly keys: readonly string[];
  readonly globals?: readonly string[];
}

export interface IntegrationSettings {
  readonly type: string;
  /** Whether resolved alerts are sent unless `send_resolved` says otherwise. */
  readonly sendResolved: boolean;
  readonly keys: readonly string[];
  readonly secrets: readonly string[];
  /** At most one key of each list. */
  readonly exclusive: readonly (readonly string[])[];
  readonly needs: readonly Need[];
  /** Own keys and the global ones that stand in for all of them when none of them is set. */
  readonly fallbacks?: readonly Readonly<Record<string, string>>[];
  /** Settings of any YAML type, whose numbers and booleans are not read as text. */
  readonly untyped?: readonly string[];
}

const http = 'http_config';
const urlOrFile = [['webhook_url', 'webhook_url_file']] as const;

const words = (text: string): string[] => text.trim().split(/\s+/);

export const integrations: readonly IntegrationSettings[] = [
  {
    type: 'webhook',
    sendResolved: true,
    keys: [http, ...words('url url_file max_alerts timeout payload')],
    secrets: ['url'],
    exclusive: [['url', 'url_file']],
    untyped: ['payload'],
    needs: [{ keys: ['url', 'url_file'] }],
  },
  {
    type: 'email',
    sendResolved: false,
    keys: words(`to from hello smarthost auth_username auth_password auth_password_file auth_secret
      auth_secret_file auth_identity headers html text require_tls tls_config force_implicit_tls threading`),
    secrets: ['auth_password', 'auth_secret'],
    exclusive: [],
    fallbacks: [
      { smarthost: 'smtp_smarthost' },
      { from: 'smtp_from' },
      { hello: 'smtp_hello' },
      { auth_username: 'smtp_auth_username' },
      { auth_password: 'smtp_auth_password', auth_password_file: 'smtp_auth_password_file' },
      { auth_secret: 'smtp_auth_secret', auth_secret_file: 'smtp_auth_secret_file' },
      { auth_identity: 'smtp_auth_identity' },
      { require_tls: 'smtp_require_tls' },
      { tls_config: 'smtp_tls_config' },
      { force_implicit_tls: 'smtp_force_implicit_tls' },
    ],
    needs: [
      { keys: ['to'] },
      { keys: ['smarthost'], globals: ['smtp_smarthost'] },
      { keys: ['from'], globals: ['smtp_from'] },
    ],
  },
  {
    type: 'slack',
    sendResolved: false,
    keys: [
      http,
      ...words(`api_url api_url_file app_token app_token_file app_url channel username color title title_link pretext
        text message_text fields short_fields footer fallback callback_id icon_emoji icon_url image_url thumb_url
        link_names mrkdwn_in actions update_message timeout`),
    ],
    secrets: ['api_url', 'app_token'],
    exclusive: [
      ['api_url', 'api_url_file', 'app_token'],
      ['api_url', 'api_url_file', 'app_token_file'],
      ['app_token', 'app_token_file'],
    ],
    fallbacks: [
      {
        api_url: 'slack_api_url',
        api_url_file: 'slack_api_url_file',
        app_token: 'slack_app_token',
        app_token_file: 'slack_app_token_file',
      },
      { app_url: 'slack_app_url' },
    ],
    needs: [
      {
        keys: ['api_url', 'api_url_file', 'app_token', 'app_token_file'],
        globals: ['slack_api_url', 'slack_api_url_file', 'slack_app_token', 'slack_app_token_file'],
      },
    ],
  },
  {
    type: 'pagerduty',
    sendResolved: true,
    keys: [
      http,
      ...words(`service_key service_key_file routing_key routing_key_file url client client_url description details
        images links source severity class component group timeout`),
    ],
    secrets: ['service_key', 'routing_key'],
    exclusive: [
      ['routing_key', 'routing_key_file'],
      ['service_key', 'service_key_file'],
    ],
    fallbacks: [{ url: 'pagerduty_url' }],
    untyped: ['details'],
    needs: [{ keys: ['routing_key', 'service_key', 'routing_key_file', 'service_key_file'] }],
  },
  {
    type: 'opsgenie',
    sendResolved: true,
    keys: [
      http,
      ...words(`api_key api_key_file api_url message description source details entity responders actions tags note
        priority update_alerts`),
    ],
    secrets: ['api_key'],
    exclusive: [['api_key', 'api_key_file']],
    fallbacks: [
      { api_url: 'opsgenie_api_url' },
      { api_key: 'opsgenie_api_key', api_key_file: 'opsgenie_api_key_file' },
    ],
    needs: [{ keys: ['api_key', 'api_key_file'], globals: ['opsgenie_api_key', 'opsgenie_api_key_file'] }],
  },
  {
    type: 'victorops',
    sendResolved: true,
    keys: [
      http,
      ...words(`api_key api_key_file api_url routing_key message_type state_message entity_display_name
        monitoring_tool custom_fields`),
    ],
    secrets: ['api_key'],
    exclusive: [['api_key', 'api_key_file']],
    fallbacks: [
      { api_url: 'victorops_api_url' },
      { api_key: 'victorops_api_key', api_key_file: 'victorops_api_key_file' },
    ],
    needs: [
      { keys: ['routing_key'] },
      { keys: ['api_key', 'api_key_file'], globals: ['victorops_api_key', 'victorops_api_key_file'] },
    ],
  },
  {
    type: 'pushover',
    sendResolved: true,
    keys: [
      http,
      ...words(`user_key user_key_file token token_file title message url url_title device sound priority retry expire
        ttl html monospace`),
    ],
    secrets: ['user_key', 'token'],
    exclusive: [
      ['user_key', 'user_key_file'],
      ['token', 'token_file'],
      ['html', 'monospace'],
    ],
    needs: [{ keys: ['user_key', 'user_key_file'] }, { keys: ['token', 'token_file'] }],
  },
  {
    type: 'sns',
    sendResolved: true,
    keys: [
      http,
      ...words(
        'api_url sigv4 topic_arn phone_number target_arn subject message attributes use_aws_http_client',
      ),
    ],
    secrets: [],
    exclusive: [['topic_arn', 'phone_number', 'target_arn']],
    needs: [{ keys: ['topic_arn', 'phone_number', 'target_arn'] }],
  },
  {
    type: 'telegram',
    sendResolved: true,
    keys: [
      http,
      ...words(`api_url bot_token bot_token_file chat_id chat_id_file message_thread_id message disable_notifications
        parse_mode`),
    ],
    secrets: ['bot_token'],
    exclusive: [
      ['bot_token', 'bot_token_file'],
      ['chat_id', 'chat_id_file'],
    ],
    fallbacks: [
      { api_url: 'telegram_api_url' },
      { bot_token: 'telegram_bot_token', bot_token_file: 'telegram_bot_token_file' },
    ],
    needs: [
      { keys: ['chat_id', 'chat_id_file'] },
      { keys: ['bot_token', 'bot_token_file'], globals: ['telegram_bot_token', 'telegram_bot_token_file'] },
    ],
  },
  {
    type: 'wechat',
    sendResolved: false,
    keys: [
      http,
      ...words(
        `api_secret api_secret_file corp_id message api_url to_user to_party to_tag agent_id message_type`,
      ),
    ],
    secrets: ['api_secret'],
    exclusive: [['api_secret', 'api_secret_file']],
    fallbacks: [
      { api_url: 'wechat_api_url' },
      { api_secret: 'wechat_api_secret', api_secret_file: 'wechat_api_secret_file' },
      { corp_id: 'wechat_api_corp_id' },
    ],
    needs: [
      { keys: ['api_secret', 'api_secret_file'], globals: ['wechat_api_secret', 'wechat_api_secret_file'] },
      { keys: ['corp_id'], globals: ['wechat_api_corp_id'] },
    ],
  },
  {
    type: 'discord',
    sendResolved: true,
    keys: [http, ...words('webhook_url webhook_url_file content title message username avatar_url')],
    secrets: ['webhook_url'],
    exclusive: urlOrFile,
    needs: [{ keys: ['webhook_url', 'webhook_url_file'] }],
  },
  {
    type: 'webex',
    sendResolved: true,
    keys: [http, ...words('api_url message room_id')],
    secrets: [],
    exclusive: [],
    fallbacks: [{ api_url: 'webex_api_url' }],
    needs: [{ keys: ['room_id'] }, { keys: ['http_config.authorization'] }],
  },
  {
    type: 'msteams',
    sendResolved: true,
    keys: [http, ...words('webhook_url webhook_url_file title summary text')],
    secrets: ['webhook_url'],
    exclusive: urlOrFile,
    needs: [{ keys: ['webhook_url', 'webhook_url_file'] }],
  },
  {
    type: 'msteamsv2',
    sendResolved: true,
    keys: [http, ...words('webhook_url webhook_url_file title text')],
    secrets: ['webhook_url'],
    exclusive: urlOrFile,
    needs: [{ keys: ['webhook_url', 'webhook_url_file'] }],
  },
  {
    type: 'jira',
    sendResolved: true,
    keys: [
      http,
      ...words(`api_url api_type project summary description labels priority issue_type reopen_transition
        resolve_transition wont_fix_resolution reopen_duration fields`),
    ],
    secrets: [],
    exclusive: [],
    fallbacks: [{ api_url: 'jira_api_url' }],
    untyped: ['fields'],
    needs: [
      { keys: ['project'] },
      { keys: ['issue_type'] },
      { keys: ['api_url'], globals: ['jira_api_url'] },
    ],
  },
  {
    type: 'rocketchat',
    sendResolved: false,
    keys: [
      http,
      ...words(`api_url token_id token_id_file token token_file channel color title title_link text fields
        short_fields emoji icon_url image_url thumb_url link_names actions`),
    ],
    secrets: ['token', 'token_id'],
    exclusive: [
      ['token', 'token_file'],
      ['token_id', 'token_id_file'],
    ],
    fallbacks: [
      { api_url: 'rocketchat_api_url' },
      { token: 'rocketchat_token', token_file: 'rocketchat_token_file' },
      { token_id: 'rocketchat_token_id', token_id_file: 'rocketchat_token_id_file' },
    ],
    needs: [
      { keys: ['token_id', 'token_id_file'], globals: ['rocketchat_token_id', 'rocketchat_token_id_file'] },
      { keys: ['token', 'token_file'], globals: ['rocketchat_token', 'rocketchat_token_file'] },
    ],
  },
  {
    type: 'mattermost',
    sendResolved: true,
    keys: [
      http,
      ...words(`webhook_url webhook_url_file channel username text fallback color pretext author_name author_link
        author_icon title title_link fields thumb_url footer footer_icon image_url icon_url icon_emoji attachments type
        props priority`),
    ],
    secrets: ['webhook_url'],
    exclusive: urlOrFile,
    fallbacks: [{ webhook_url: 'mattermost_webhook_url', webhook_url_file: 'mattermost_webhook_url_file' }],
    needs: [
      {
        keys: ['webhook_url', 'webhook_url_file'],
        globals: ['mattermost_webhook_url', 'mattermost_webhook_url_file'],
      },
    ],
  },
  {
    type: 'incidentio',
    sendResolved: true,
    keys: [http, ...words('url url_file alert_source_token alert_source_token_file max_alerts timeout')],
    secrets: ['alert_source_token'],
    exclusive: [
      ['url', 'url_file'],
      ['alert_source_token', 'alert_source_token_file'],
    ],
    needs: [{ keys: ['url', 'url_file'] }],
  },
];

/** At most one of each pair may be set in `global`. */
export const globalExclusive: readonly (readonly string[])[] = [
  ['slack_app_token', 'slack_app_token_file'],
  ['slack_api_url', 'slack_api_url_file'],
  ['slack_app_token', 'slack_api_url'],
  ['opsgenie_api_key', 'opsgenie_api_key_file'],
  ['victorops_api_key', 'victorops_api_key_file'],
  ['telegram_bot_token', 'telegram_bot_token_file'],
  ['smtp_auth_password', 'smtp_auth_password_file'],
  ['smtp_auth_secret', 'smtp_auth_secret_file'],
  ['rocketchat_token', 'rocketchat_token_file'],
  ['rocketchat_token_id', 'rocketchat_token_id_file'],
  ['wechat_api_secret', 'wechat_api_secret_file'],
  ['mattermost_webhook_url', 'mattermost_webhook_url_file'],
];

export const globalSecrets =
  words(`smtp_auth_password smtp_auth_secret slack_api_url slack_app_token opsgenie_api_key
  wechat_api_secret victorops_api_key telegram_bot_token rocketchat_token rocketchat_token_id mattermost_webhook_url`);

export const globalKeys = words(`resolve_timeout http_config jira_api_url smtp_from smtp_hello smtp_smarthost
  smtp_auth_username smtp_auth_password smtp_auth_password_file smtp_auth_secret smtp_auth_secret_file
  smtp_auth_identity smtp_require_tls smtp_tls_config smtp_force_implicit_tls slack_api_url slack_api_url_file
  slack_app_token slack_app_token_file slack_app_url pagerduty_url opsgenie_api_url opsgenie_api_key
  opsgenie_api_key_file wechat_api_url wechat_api_secret wechat_api_secret_file wechat_api_corp_id victorops_api_url
  victorops_api_key victorops_api_key_file telegram_api_url telegram_bot_token telegram_bot_token_file webex_api_url
  rocketchat_api_url rocketchat_token rocketchat_token_file rocketchat_token_id rocketchat_token_id_file
  mattermost_webhook_url mattermost_webhook_url_file`);
