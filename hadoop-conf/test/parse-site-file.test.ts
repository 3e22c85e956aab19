import { readFileSync } from 'node:fs';

import { expect } from 'chai';
import fc from 'fast-check';

import { SiteFileError } from '../src/errors.js';
import { decodeSiteText, maxSiteFileBytes } from '../src/xml/decode-site-text.js';
import { parseSiteFile, type SiteProperty } from '../src/xml/parse-site-file.js';

function read(name: string): SiteProperty[] {
  const bytes = readFileSync(new URL(`../../test/corpus/${name}`, import.meta.url));
  return parseSiteFile(decodeSiteText(bytes, name), name);
}

function refusalOf(name: string): SiteFileError {
  try {
    read(name);
  } catch (error) {
    if (error instanceof SiteFileError) return error;
    throw error;
  }
  throw new Error(`${name} was read`);
}

describe('parseSiteFile', () => {
  it('refuses includes wherever they stand, and text after the root element', () => {
    const include = '<include xmlns="http://www.w3.org/2001/XInclude" href="/etc/hosts"/>';
    for (const property of [
      include,
      `<property><name>k</name><value>x${include}</value></property>`,
      `<property><name>k<xi:include href="a"/></name></property>`,
    ]) {
      const text = `<configuration>\n${property}</configuration>`;
      expect(() => parseSiteFile(text, 'f.xml'), property).to.throw(
        SiteFileError,
        /f\.xml.*XInclude/,
      );
    }
    for (const root of ['<configuration/>', '<configuration></configuration>']) {
      expect(() => parseSiteFile(`${root}\njunk`, 'f.xml'), root).to.throw(SiteFileError);
      expect(parseSiteFile(`${root}\n<!-- the end -->\n`, 'f.xml')).to.deep.equal([]);
    }
  });

  it('reads elements, attributes, comments, CDATA and character references as Hadoop does', () => {
    const properties = new Map(read('plain.xml').map((property) => [property.name, property]));
    const values = Object.fromEntries([...properties].map(([name, { value }]) => [name, value]));
    expect(values).to.deep.equal({
      'fs.defaultFS': 'hdfs://nn.example:8020',
      'short.form': 'a & b',
      'attribute.loses': 'element',
      'value.with.blanks': '  x  ',
      'value.split': 'onethree',
      'value.cdata': 'a<b && c>d',
      'value.numeric': 'AB',
      'value.empty': undefined,
      'value.missing': undefined,
      'final.padded': '1',
      'final.true': '1',
      nested: 'yes',
    });
    const finals = [...properties.values()].filter((property) => property.isFinal);
    expect(finals.map((property) => property.name)).to.deep.equal(['short.form', 'final.true']);
  });

  it('knows the line of every property', () => {
    const lines = read('plain.xml').map(({ name, line }) => [name, line]);
    expect(lines.slice(0, 4)).to.deep.equal([
      ['fs.defaultFS', 5],
      ['short.form', 10],
      ['attribute.loses', 11],
      ['value.with.blanks', 12],
    ]);
  });

  it('reads the declared encoding and a byte order mark, and turns line ends into one', () => {
    expect(read('latin1.xml')[0]?.value).to.equal('café');
    expect(read('bom-crlf.xml')[0]).to.deep.include({ value: 'x\ny', line: 3 });
  });

  const refusals: readonly [file: string, line: number | undefined, reason: RegExp][] = [
    ['broken-unclosed.xml', 6, /closing tag 'property'.*instead of closing tag 'configuration'/],
    ['broken-ampersand.xml', 4, /'&' is not expected/],
    ['broken-entity.xml', 3, /the entity &secret; is not defined/],
    ['broken-doctype.xml', 3, /document types and entities are refused/],
    ['broken-include.xml', 3, /XInclude is refused/],
    ['broken-root.xml', 1, /one root element, <configuration>; found <html>/],
    ['broken-empty.xml', 1, /Start tag expected/],
    ['broken-cut.xml', 1, /Unclosed tag 'configuration'/],
    ['broken-bytes.xml', undefined, /not valid utf-8/],
    ['broken-encoding.xml', undefined, /encoding "EBCDIC-X".*not known/],
  ];
  for (const [file, line, reason] of refusals) {
    it(`refuses ${file} with its line and the reason`, () => {
      const error = refusalOf(file);
      expect(error.reason).to.match(reason);
      expect(error.line).to.equal(line);
      expect(error.message).to.match(
        line === undefined ? new RegExp(`^${file}: `) : new RegExp(`^${file}:${line}: `),
      );
    });
  }

  it('refuses a file that is too large to be a site file before it is decoded', () => {
    expect(() => decodeSiteText(new Uint8Array(maxSiteFileBytes + 1), 'big.xml')).to.throw(
      SiteFileError,
      'more than a site file may have',
    );
  });

  it('answers every text with properties or a SiteFileError', () => {
    const pieces = fc.constantFrom(
      '<configuration>',
      '</configuration>',
      '<property>',
      '</property>',
      '<name>a</name>',
      '<value>',
      '</value>',
      '${x}',
      '&amp;',
      '&#0;',
      '&x;',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<property name="q" value="r"/>',
      ' ',
      '<',
      '>',
      'toString',
      '<__proto__/>',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 14 }), fc.boolean(), (parts, wrapped) => {
        const inner = parts.join('');
        const text = wrapped ? `<configuration>${inner}</configuration>` : inner;
        try {
          expect(parseSiteFile(text, 'f.xml')).to.be.an('array');
        } catch (error) {
          if (!(error instanceof SiteFileError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives any value back that was written with its characters escaped', () => {
    const escape = (text: string): string =>
      text.replace(/[&<>]/g, (c) => `&#${c.codePointAt(0)!};`);
    // Control characters and the last two code points cannot stand in XML.
    const writable = fc
      .string()
      .filter((text) => text !== '' && !/\p{Cc}|\ufffe|\uffff/u.test(text));
    fc.assert(
      fc.property(writable, (value) => {
        const text = `<configuration><property><name>k</name><value>${escape(value)}</value></property></configuration>`;
        expect(parseSiteFile(text, 'f.xml')[0]?.value).to.equal(value);
      }),
    );
  });
});
