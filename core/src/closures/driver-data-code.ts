import { ByteWriter } from '../codec/byte-writer.js';
import type { CodeTable } from '../codec/code-table.js';
import { UnsupportedValueError } from '../codec/errors.js';
import { plainCodeTable } from '../codec/value/index.js';
import { ValueEncoder } from '../codec/value/encoder.js';
import { VALUE_VERSION } from '../codec/value/tags.js';
import type { AnyFunction } from '../codec/value/value-code.js';
import { DriverCode } from './driver-code.js';
import { currentProgram, type DriverProgram } from './driver-program.js';
import { Extension } from './extension.js';
import { sourcePosition } from './source-maps.js';
import { TrackingCode, WithheldCells } from './tracking-code.js';

/** Records, results and errors of a program on the driver. */
class DriverDataCode extends DriverCode {
  readonly kind = 'driver';
  readonly exact = false;
  protected readonly inThread = false;

  /** Classes are named; what they need comes along once, for threads that do not have them yet. */
  protected override writeClass(encoder: ValueEncoder, value: AnyFunction, unit: number): void {
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.CLASS_NAME);
    encoder.writer.varint(unit);
    encoder.writer.varint(this.identityOf(value));
    const state = encodeClass(this.program, value);
    encoder.writer.varint(state.length);
    encoder.writer.bytes(state);
  }
}

/** A class with everything that it needs. */
class DriverStateCode extends TrackingCode {
  readonly kind = 'driver-state';
  readonly exact = true;
  protected readonly inThread = false;
}

/** What a method uses and cannot travel stays behind, as in closures that an instance came into. */
function encodeClass(program: DriverProgram, value: AnyFunction): Uint8Array {
  const withheld = new WithheldCells();
  for (;;) {
    const writer = new ByteWriter(256);
    writer.u8(VALUE_VERSION);
    const code = new DriverStateCode(program, withheld);
    const encoder = new ValueEncoder(writer, code);
    try {
      encoder.encode(value);
      return writer.finish();
    } catch (error) {
      if (!(error instanceof UnsupportedValueError)) throw error;
      const place = code.placeOf(encoder);
      if (place === undefined || withheld.has(place)) throw error;
      const { name: variable, at } = program.metadata.scopes[place.scope.scope]!.cells[place.cell]!;
      const source = sourcePosition(program.metadata.hash, at);
      const [file, line] = [source?.file ?? '<unknown>', source?.line ?? 0];
      withheld.add(place, {
        variable,
        reason: error.reason,
        message: `${variable} (${file}:${line}) cannot travel to a task: ${error.reason}. It is used by a class whose instances are records; only its methods that do without it can be called in a task`,
        file,
        line,
      });
    }
  }
}

const dataCodes = new WeakMap<DriverProgram, CodeTable>();

/** Names the program's classes and functions in records, results and errors on the driver. */
export function driverCodeTable(): CodeTable {
  const program = currentProgram();
  if (program === undefined) return plainCodeTable;
  let code = dataCodes.get(program);
  if (code === undefined) {
    code = new DriverDataCode(program);
    dataCodes.set(program, code);
  }
  return code;
}
