/** Takes a docstring apart: `{ text, params, throws, defaultText, examples }`. */
export function readDoc(comment) {
  const lines = comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
  const doc = { text: '', params: [], throws: [], defaultText: undefined, examples: [] };
  let tag = { name: '', lines: [] };
  const tags = [tag];
  for (const line of lines) {
    // In prose a tag may stand at a sentence's end; examples may hold decorators.
    const parts =
      tag.name === 'example'
        ? [line]
        : line.split(/(?<=^|\s)(?=@(?:param|throws|default|example|internal)\b)/);
    for (const part of parts) {
      const found = /^@(param|throws|default|example|internal)\b\s?(.*)$/.exec(part.trim());
      if (found === null) tag.lines.push(part);
      else tags.push((tag = { name: found[1], lines: [found[2]] }));
    }
  }
  for (const { name, lines: content } of tags) {
    const text = content.join('\n').trim();
    if (name === '') doc.text = text;
    if (name === 'param') doc.params.push(text.replace(/\s+/g, ' '));
    if (name === 'throws') doc.throws.push(text.replace(/\s+/g, ' '));
    if (name === 'default') doc.defaultText = text.replace(/\s+/g, ' ');
    if (name === 'example') doc.examples.push(text);
  }
  return doc;
}
