const namedCharacters: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/**
 * Replaces the five character references of XML and the numeric ones; nothing else exists without a
 * document type, which site files may not have.
 *
 * @param fail called with the reason when a reference has no meaning; throws
 */
export function decodeXmlEntities(text: string, fail: (reason: string) => never): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&\s]*);?/g, (whole, name: string) => {
    if (!whole.endsWith(';')) return fail('a lone "&"; write "&amp;"');
    const named = Object.hasOwn(namedCharacters, name) ? namedCharacters[name] : undefined;
    return named ?? numericCharacter(name) ?? fail(`the entity ${whole} is not defined`);
  });
}

function numericCharacter(name: string): string | undefined {
  const match = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
  if (match === null) return undefined;
  const codePoint =
    match[1] === undefined ? Number.parseInt(match[2]!, 10) : Number.parseInt(match[1], 16);
  const allowed =
    codePoint === 0x9 ||
    codePoint === 0xa ||
    codePoint === 0xd ||
    (codePoint >= 0x20 && codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff));
  return allowed ? String.fromCodePoint(codePoint) : undefined;
}
