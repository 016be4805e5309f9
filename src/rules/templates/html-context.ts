// Where in a page the output of a template stands: read along with its text, character by character.

type Place = 'text' | 'raw-text' | 'comment' | 'tag' | 'attribute' | 'script' | 'script-string' | 'style';
type AttributeKind = 'plain' | 'address' | 'script' | 'script-string' | 'style';

interface Attribute {
  readonly kind: AttributeKind;
  readonly isQuoted: boolean;
  /** Of an address: nothing yet, the path, or what is behind `?` or `#`. */
  readonly addressPart: 'start' | 'path' | 'query';
}

const addressAttributes = new Set(
  `action archive background cite classid codebase data formaction href icon longdesc manifest poster profile src
  usemap`.split(/\s+/),
);

export class HtmlContext {
  #place: Place = 'text';
  #element = '';
  #attributeName = '';
  #quote = '';
  /** What the attribute holds so far, literal and printed. */
  #attributeText = '';
  /** The string of a script that is open. */
  #scriptQuote = '';

  get place(): Place {
    return this.#place;
  }

  get attribute(): Attribute {
    const name = this.#attributeName;
    const kind: AttributeKind = /^on/.test(name)
      ? this.#scriptQuote === ''
        ? 'script'
        : 'script-string'
      : name === 'style'
        ? 'style'
        : addressAttributes.has(name) || /^(?:xmlns|.*(?:src|uri|url).*)/.test(name)
          ? 'address'
          : 'plain';
    const text = this.#attributeText;
    const addressPart = text === '' ? 'start' : /[?#]/.test(text) ? 'query' : 'path';
    return { kind, isQuoted: this.#quote !== '', addressPart };
  }

  /** A value is printed next: an attribute without quotes begins with it. */
  beginValue(): void {
    if (this.#place === 'tag' && this.#attributeName !== '' && this.#awaitsValue) {
      this.#place = 'attribute';
      this.#quote = '';
    }
  }

  /** What was printed into an address. */
  addAddress(text: string): void {
    this.#attributeText += text;
  }

  /** The literal text of a template, without the comments that it holds. */
  read(text: string): string {
    let out = '';
    for (let at = 0; at < text.length; ) {
      const { length, shown } = this.#step(text, at);
      if (shown) out += text.slice(at, at + length);
      at += length;
    }
    return out;
  }

  #awaitsValue = false;

  #step(text: string, at: number): { length: number; shown: boolean } {
    switch (this.#place) {
      case 'text':
      case 'raw-text':
        return this.#textStep(text, at);
      case 'comment': {
        const end = text.indexOf('-->', at);
        if (end < 0) return { length: text.length - at, shown: false };
        this.#place = 'text';
        return { length: end + 3 - at, shown: false };
      }
      case 'tag':
        return { length: this.#tagStep(text, at), shown: true };
      case 'attribute':
        return { length: this.#attributeStep(text, at), shown: true };
      default:
        return { length: this.#elementStep(text, at), shown: true };
    }
  }

  #textStep(text: string, at: number): { length: number; shown: boolean } {
    const rest = text.slice(at);
    if (this.#place === 'text' && rest.startsWith('<!--')) {
      this.#place = 'comment';
      return { length: 4, shown: false };
    }
    const tag = /^<(\/?)([A-Za-z][\w:-]*)/.exec(rest);
    const closes = tag?.[1] === '/' && tag[2]!.toLowerCase() === this.#element;
    if (tag && (this.#place === 'text' || closes)) {
      this.#place = 'tag';
      this.#element = tag[1] === '/' ? '' : tag[2]!.toLowerCase();
      this.#attributeName = '';
      this.#awaitsValue = false;
      return { length: tag[0].length, shown: true };
    }
    const next = rest.slice(1).search(/</);
    return { length: next < 0 ? rest.length : next + 1, shown: true };
  }

  #tagStep(text: string, at: number): number {
    const rest = text.slice(at);
    if (rest[0] === '>') {
      this.#enterElement();
      return 1;
    }
    const space = /^[\s/]+/.exec(rest);
    if (space) return space[0].length;
    if (this.#awaitsValue) {
      this.#place = 'attribute';
      this.#quote = rest[0] === '"' || rest[0] === "'" ? rest[0] : '';
      return this.#quote === '' ? 0 : 1;
    }
    const name = /^([^\s=>/"']+)\s*(=?)/.exec(rest);
    if (!name) return 1;
    // `data-x`, `svg:href`: the part that says what the value is stands last.
    this.#attributeName = name[1]!.toLowerCase().replace(/^(?:data-|.*:)(?=.)/, '');
    this.#attributeText = '';
    this.#scriptQuote = '';
    this.#awaitsValue = name[2] === '=';
    return name[0].length;
  }

  #enterElement(): void {
    this.#scriptQuote = '';
    const places: Readonly<Record<string, Place>> = {
      script: 'script',
      style: 'style',
      title: 'raw-text',
      textarea: 'raw-text',
    };
    this.#place = places[this.#element] ?? 'text';
  }

  #attributeStep(text: string, at: number): number {
    const rest = text.slice(at);
    const end = this.#quote === '' ? rest.search(/[\s>]/) : rest.indexOf(this.#quote);
    const value = end < 0 ? rest : rest.slice(0, end);
    this.#attributeText += value;
    this.#readScript(value);
    if (end < 0) return rest.length;
    this.#place = 'tag';
    this.#awaitsValue = false;
    return value.length + this.#quote.length;
  }

  /** In a script or a style, up to its end tag. */
  #elementStep(text: string, at: number): number {
    const rest = text.slice(at);
    const end = rest.search(new RegExp(`</${this.#element}`, 'i'));
    const body = end < 0 ? rest : rest.slice(0, end);
    if (this.#element === 'script') {
      this.#readScript(body);
      this.#place = this.#scriptQuote === '' ? 'script' : 'script-string';
    }
    if (end < 0) return rest.length;
    this.#place = 'tag';
    this.#element = '';
    this.#attributeName = '';
    this.#awaitsValue = false;
    return body.length + `</`.length;
  }

  #readScript(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const char = text[i]!;
      if (char === '\\') i++;
      else if (this.#scriptQuote === '' && /["'`]/.test(char)) this.#scriptQuote = char;
      else if (char === this.#scriptQuote) this.#scriptQuote = '';
    }
  }
}
