// Every event of the timeline as a compact list. Check boxes above it filter by topic through the style sheet alone.

import type { TimelineEvent } from '../../experiment/timeline.ts';
import { describeEvent, type EventTopic, type QuantityOfObjective, topicOf } from '../describe-event.ts';
import { relativeTime, wallTime } from '../moment.ts';
import { type Markup, markup, trusted } from './markup.ts';

const topicNames: Record<EventTopic, string> = {
  run: 'Run',
  target: 'Targets',
  fault: 'Faults',
  hits: 'Hit counts',
  objective: 'Objectives',
  alert: 'Alerts',
  notification: 'Notifications',
  trouble: 'Trouble',
};

/** A run of hours can have more events than a page should carry; the rest is in timeline.jsonl. */
const eventsMax = 2_000;

export function eventsSection(
  timeline: readonly TimelineEvent[],
  zeroMs: number,
  quantityOf: QuantityOfObjective,
): Markup {
  const shown = timeline.slice(0, eventsMax);
  const topics = [...new Set(shown.map(topicOf))];
  const omitted = timeline.length - shown.length;
  return markup`<details class="fold" id="events">
<summary><h2>What happened</h2> <span class="aside">${timeline.length} events</span></summary>
<fieldset class="filters"><legend>Show</legend>${(Object.keys(topicNames) as EventTopic[])
    .filter((topic) => topics.includes(topic))
    .map(
      (topic) =>
        markup`<label><input type="checkbox"${topic !== 'hits' && trusted(' checked')} id="show-${topic}"> ${topicNames[topic]}</label>`,
    )}</fieldset>
<ol class="events">${shown.map(
    (
      event,
    ) => markup`<li class="event topic-${topicOf(event)}"><time datetime="${new Date(event.at).toISOString()}"><span class="event-offset">${relativeTime(event.at, zeroMs)}</span> <span class="event-wall">${wallTime(event.at)}</span></time><span>${describeEvent(event, quantityOf)}</span></li>
`,
  )}</ol>
${omitted > 0 && markup`<p class="aside">${omitted} more are in timeline.jsonl.</p>`}
</details>`;
}

/** One rule a topic: its events are hidden while its box is not checked. */
export const filterRules = (Object.keys(topicNames) as EventTopic[])
  .map((topic) => `#events:has(#show-${topic}:not(:checked)) .topic-${topic}{display:none}`)
  .join('\n');
