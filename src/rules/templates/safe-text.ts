// Texts that a template declares to be harmless where they stand: escaping leaves them as they are.

import { Struct } from './values.ts';

export class SafeHtml extends Struct {
  readonly text: string;

  constructor(text: string) {
    super('template.HTML', {}, () => text);
    this.text = text;
  }

  toJSON(): string {
    return this.text;
  }
}

export class SafeUrl extends Struct {
  readonly text: string;

  constructor(text: string) {
    super('template.URL', {}, () => text);
    this.text = text;
  }

  toJSON(): string {
    return this.text;
  }
}
