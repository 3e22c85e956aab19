import { XMLParser, XMLValidator } from 'fast-xml-parser';

import { SiteFileError } from '../errors.js';
import { decodeXmlEntities } from './xml-entities.js';

/** One `<property>` of a site file, as written: key not yet renamed, value not yet expanded. */
export interface SiteProperty {
  /** Trimmed when it stood in `<name>`, literal when it was an attribute. */
  readonly name: string;
  /** Untrimmed text; undefined when there is no value element, or an empty one. */
  readonly value: string | undefined;
  readonly isFinal: boolean;
  /** 1-based line of the property's start tag. */
  readonly line: number;
}

/** What `XMLParser` gives with `preserveOrder`: one key for the tag, `:@` for attributes. */
interface XmlNode {
  readonly [tag: string]: readonly XmlNode[] | string | Readonly<Record<string, string>>;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  captureMetaData: true,
  cdataPropName: '#cdata',
  commentPropName: '#comment',
});
// Declared as the wrapper object `Symbol`, though it is a plain symbol.
const metaDataSymbol = XMLParser.getMetaDataSymbol() as symbol;

/**
 * The properties of a site file in their order.
 *
 * Follows `Configuration.Parser` of Hadoop 3.4.3: `<name>`, `<value>` and `<final>` as elements or as
 * attributes of `<property>`, an element winning over an attribute; `<name>` is trimmed, `<value>` is not,
 * `<final>` must be exactly `true`; properties without a name are skipped. Stricter than Hadoop: document
 * types, entities, XInclude and a root other than `<configuration>` are refused.
 *
 * @throws SiteFileError with file, line and reason
 */
export function parseSiteFile(text: string, file: string): SiteProperty[] {
  const fail = (line: number | undefined, reason: string, cause?: unknown): never => {
    throw new SiteFileError(file, line, reason, cause === undefined ? undefined : { cause });
  };
  refuseDocumentType(text, fail);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the exactly pinned version has it; its successor would be one more package
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) fail(verdict.err.line, verdict.err.msg.replace(/\.$/, ''));
  // The parser drops what stands beside the root.
  const end = text.lastIndexOf('>') + 1;
  if (/\S/.test(text.slice(end))) fail(lineAt(text, end), 'there is text after the root element');
  let roots: readonly XmlNode[];
  try {
    roots = parser.parse(text) as readonly XmlNode[];
  } catch (error) {
    return fail(undefined, error instanceof Error ? error.message : String(error), error);
  }
  return new PropertyReader(text, fail).read(roots);
}

/** Finds `<!DOCTYPE` outside comments and CDATA sections; with it every entity declaration. */
function refuseDocumentType(text: string, fail: (line: number, reason: string) => never): void {
  const marks = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<!(?:DOCTYPE|ENTITY)/gi;
  for (const match of text.matchAll(marks)) {
    if (/^<!(?:DOCTYPE|ENTITY)/i.test(match[0])) {
      fail(
        lineAt(text, match.index),
        'document types and entities are refused; remove the DOCTYPE',
      );
    }
  }
}

class PropertyReader {
  readonly #text: string;
  readonly #fail: (line: number | undefined, reason: string) => never;
  readonly #properties: SiteProperty[] = [];

  constructor(text: string, fail: (line: number | undefined, reason: string) => never) {
    this.#text = text;
    this.#fail = fail;
  }

  read(roots: readonly XmlNode[]): SiteProperty[] {
    const elements = roots.filter((node) => !/^[?#]/.test(tagOf(node)));
    const root = elements[0];
    if (root === undefined || elements.length > 1 || localName(tagOf(root)) !== 'configuration') {
      const found = elements.map((node) => `<${tagOf(node)}>`).join(', ') || 'nothing';
      return this.#fail(
        root === undefined ? undefined : this.#lineOf(root),
        `a site file has one root element, <configuration>; found ${found}`,
      );
    }
    this.#walk(childrenOf(root));
    return this.#properties;
  }

  #walk(nodes: readonly XmlNode[]): void {
    for (const node of nodes) {
      const name = localName(tagOf(node));
      if (name === 'include') this.#refuseInclude(node);
      if (name === 'property') this.#property(node);
      else if (!name.startsWith('#')) this.#walk(childrenOf(node));
    }
  }

  #refuseInclude(node: XmlNode): never {
    return this.#fail(
      this.#lineOf(node),
      'XInclude is refused; copy the included properties into this file',
    );
  }

  #property(node: XmlNode): void {
    const line = this.#lineOf(node) ?? 1;
    const attributes = attributesOf(node);
    const attribute = (name: string): string | undefined => {
      const raw = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      return raw === undefined ? undefined : this.#decode(raw, line);
    };
    let name = attribute('name');
    let value = attribute('value');
    let isFinal = attribute('final') === 'true';
    for (const child of childrenOf(node)) {
      const tag = localName(tagOf(child));
      if (tag === 'include') this.#refuseInclude(child);
      if (tag !== 'name' && tag !== 'value' && tag !== 'final') continue;
      const text = this.#textOf(childrenOf(child), this.#lineOf(child) ?? line);
      if (tag === 'final') isFinal = text === 'true';
      else if (text.length > 0 && tag === 'name') name = text.trim();
      else if (text.length > 0) value = text;
    }
    if (name !== undefined) this.#properties.push({ name, value, isFinal, line });
  }

  /** All text below an element: comments dropped, CDATA literal. */
  #textOf(nodes: readonly XmlNode[], line: number): string {
    let text = '';
    for (const node of nodes) {
      const tag = tagOf(node);
      if (tag === '#text') text += this.#decode(node[tag] as string, line);
      else if (tag === '#cdata')
        text += (childrenOf(node)[0]?.['#text'] as string | undefined) ?? '';
      else if (localName(tag) === 'include') this.#refuseInclude(node);
      else if (tag !== '#comment') text += this.#textOf(childrenOf(node), line);
    }
    return text.replace(/\r\n?/g, '\n');
  }

  #decode(text: string, line: number): string {
    return decodeXmlEntities(text, (reason) => this.#fail(line, reason));
  }

  #lineOf(node: XmlNode): number | undefined {
    const meta = (node as Readonly<Record<symbol, { startIndex?: number } | undefined>>)[
      metaDataSymbol
    ];
    return meta?.startIndex === undefined ? undefined : lineAt(this.#text, meta.startIndex);
  }
}

function tagOf(node: XmlNode): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '#text';
}

function childrenOf(node: XmlNode): readonly XmlNode[] {
  const content = node[tagOf(node)];
  return Array.isArray(content) ? (content as readonly XmlNode[]) : [];
}

function attributesOf(node: XmlNode): Readonly<Record<string, string>> {
  return (node[':@'] as Readonly<Record<string, string>> | undefined) ?? {};
}

function localName(tag: string): string {
  return tag.startsWith('#') ? tag : tag.slice(tag.lastIndexOf(':') + 1);
}

function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
}
