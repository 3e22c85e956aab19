import { StringDecoder } from 'node:string_decoder';

/** What a node writes before the bytes of a file that is not empty; it says how many there are. */
const header =
  /^Container: [^\n]*\n(?:[A-Za-z]+: [^\n]*\n)?=+\n(?:[A-Za-z]+:[^\n]*\n)*?LogLength:(\d{1,15})\n(?:[A-Za-z]+:[^\n]*\n)*?LogContents:\n/;
/** What it writes behind them, alone on its line but for what a file without line feed left there. */
const trailer =
  /End of LogType:[^\n]*\.(?:This log file belongs to a running container \([^\n()]*\) and so may not be complete\.)?\n\*+\n\s*$/;
/** More than a header or a trailer ever has. */
const frameBytes = 4_096;

/**
 * The text of a log file in a NodeManager's answer (`NMWebServices.getContainerLogFile`,
 * `LogToolUtils`, Hadoop 3.4.3): the answer has a header with the number of bytes, the bytes, and a
 * trailer; the header is absent when the file is empty. Older releases answer with the bytes alone.
 * What the program itself printed ends nothing, even if it looks like such a trailer.
 */
export function liveLogText(answer: Buffer): string {
  const found = header.exec(answer.toString('latin1', 0, frameBytes));
  // A character that is not complete yet comes with the next look.
  if (found !== null) {
    const from = found[0].length;
    return decode(answer.subarray(from, from + Number(found[1])));
  }
  const tailAt = Math.max(0, answer.length - frameBytes);
  const tail = answer.toString('latin1', tailAt);
  const at = tail.lastIndexOf('End of LogType:');
  if (at < 0 || !trailer.test(tail.slice(at))) return decode(answer);
  return decode(answer.subarray(0, tailAt + at));
}

function decode(bytes: Buffer): string {
  return new StringDecoder('utf8').write(bytes);
}
