import { InternalError } from '@heddle/common';

import { CorruptDataError, UnsupportedValueError } from '../codec/errors.js';
import type { ValueDecoder } from '../codec/value/decoder.js';
import type { ValueEncoder } from '../codec/value/encoder.js';
import type { AnyFunction } from '../codec/value/value-code.js';
import { Extension, memberKindOf, MemberPlace } from './extension.js';
import { followImport, type ImportPath } from './import-index.js';
import { ExecutorLocal, executorLocalSymbol } from './executor-local.js';
import { nodeClassOf } from './node-handles.js';
import {
  describeForeignFunction,
  ProgramCode,
  type CellContent,
  type MemberRef,
  type ScopeRef,
} from './program-code.js';
import type { CodeFunction, ProgramMetadata } from './program-metadata.js';
import type { DriverProgram } from './driver-program.js';
import { ClassTag, FunctionTag, MemberTag, ScopeInstance } from './tags.js';

/** The environment as an object: only its identity counts here. */
const environment: unknown = Reflect.get(process, 'env');

function instanceOf(scope: ScopeRef): ScopeInstance {
  if (scope instanceof ScopeInstance) return scope;
  throw new InternalError('a scope of a task thread turned up in the driver');
}

const referenceSymbol = Symbol.for('heddle.reference');
const driverOnlySymbol = Symbol.for('heddle.driverOnly');

interface Reference {
  readonly kind: 'broadcast' | 'accumulator';
  readonly id: number;
}

/** Driver side: functions and classes are known by their tags. */
export abstract class DriverCode extends ProgramCode {
  protected readonly program: DriverProgram;

  constructor(program: DriverProgram) {
    super();
    this.program = program;
  }

  protected get metadata(): ProgramMetadata {
    return this.program.metadata;
  }

  protected unitOf(value: object): number | undefined {
    return FunctionTag.unitOf(value);
  }

  protected scopeOf(value: object): ScopeInstance {
    return FunctionTag.scopeOf(value)!;
  }

  protected memberOf(value: object): MemberRef | undefined {
    return MemberTag.of(value);
  }

  protected identityOf(ofClass: CodeFunction): number {
    return ClassTag.identityOf(ofClass) ?? 0;
  }

  protected keysOf(ofClass: CodeFunction): readonly unknown[] {
    return ClassTag.keysOf(ofClass);
  }

  protected threadIdOf(scope: ScopeRef): number {
    return this.program.threadIdOf(instanceOf(scope));
  }

  protected moduleScope(): ScopeRef {
    return this.program.moduleScope!;
  }

  protected isScopeRef(value: object): value is ScopeInstance {
    return value instanceof ScopeInstance;
  }

  protected readCell(scope: ScopeRef, cell: number): CellContent {
    try {
      return { value: instanceOf(scope).read!(cell) };
    } catch (error) {
      // Reading a binding before its declaration ran is the only thing that can throw here.
      if (error instanceof ReferenceError) return undefined;
      throw error;
    }
  }

  protected importPathOf(value: object): ImportPath | undefined {
    return this.program.imports.find(value);
  }

  protected isOwnMember(
    ofClass: CodeFunction,
    isStatic: boolean,
    key: string | symbol,
    descriptor: PropertyDescriptor,
  ): boolean {
    for (const kind of ['value', 'get', 'set'] as const) {
      const member: unknown = Reflect.get(descriptor, kind);
      if (typeof member !== 'function') continue;
      const tag = MemberTag.of(member);
      if (tag?.owner !== ofClass || tag.key !== key || tag.isStatic !== isStatic) return false;
    }
    return (
      descriptor.get !== undefined ||
      descriptor.set !== undefined ||
      typeof descriptor.value === 'function'
    );
  }

  protected setRaw(on: boolean): void {
    this.program.setRaw(on);
  }

  protected refuseFunction(value: AnyFunction): never {
    const { reason, isForeign } = describeForeignFunction(value);
    throw new UnsupportedValueError(reason, '', { isForeign });
  }

  override writeObject(encoder: ValueEncoder, value: object): boolean {
    if (value instanceof ExecutorLocal || executorLocalSymbol in value) {
      const { id, make } = (value as ExecutorLocal<unknown>)[executorLocalSymbol];
      encoder.beginExtension(value);
      encoder.writer.u8(Extension.EXECUTOR_LOCAL);
      encoder.writer.varint(id);
      encoder.slot(make);
      return true;
    }
    if (referenceSymbol in value) {
      const reference = (value as Record<symbol, Reference>)[referenceSymbol]!;
      encoder.beginExtension(value);
      const isBroadcast = reference.kind === 'broadcast';
      encoder.writer.u8(isBroadcast ? Extension.BROADCAST : Extension.ACCUMULATOR);
      encoder.writer.varint(reference.id);
      this.referenceVisited?.(reference);
      return true;
    }
    if (driverOnlySymbol in value) {
      throw new UnsupportedValueError(String((value as Record<symbol, unknown>)[driverOnlySymbol]));
    }
    if (super.writeObject(encoder, value)) return true;
    this.#refuseNodeHandle(value);
    return false;
  }

  #refuseNodeHandle(value: object): void {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null || prototype === Array.prototype)
      return;
    if (value === environment) {
      throw new UnsupportedValueError(
        'it is process.env of the driver; capture the variables that the task needs',
      );
    }
    const constructor: unknown = prototype.constructor;
    if (typeof constructor === 'function' && FunctionTag.has(constructor)) return;
    const name = nodeClassOf(value);
    if (name === undefined || value instanceof Error || Buffer.isBuffer(value)) return;
    throw new UnsupportedValueError(
      `it is a ${name} of Node, a handle of this process; open one in the task instead, for example with executorLocal(() => …)`,
    );
  }

  /** Node keeps state of its own under symbols that no other process has. */
  dropsKey(object: object, key: symbol): boolean {
    return Symbol.keyFor(key) === undefined && nodeClassOf(object) !== undefined;
  }

  /** Told of every broadcast and accumulator that is written. */
  protected referenceVisited?(reference: Reference): void;

  readExtension(decoder: ValueDecoder): unknown {
    const id = decoder.reserveNode();
    const { reader } = decoder;
    const kind = reader.u8();
    const value = this.#read(decoder, kind);
    decoder.fillNode(id, value);
    return value;
  }

  #read(decoder: ValueDecoder, kind: number): object {
    const { reader } = decoder;
    switch (kind) {
      case Extension.CLASS_NAME: {
        const [unit, identity] = [reader.varint(), reader.varint()];
        reader.skip(reader.varint());
        const found = this.program.classOf(unit, identity);
        if (found !== undefined) return found;
        throw new CorruptDataError(
          `class ${this.metadata.units[unit]?.name ?? unit} is unknown in the driver`,
        );
      }
      case Extension.IMPORT: {
        const index = reader.varint();
        const names: string[] = [];
        for (let left = reader.varint(); left > 0; left--) names.push(reader.string());
        const namespace = this.program.importNamespace(index);
        const value = namespace === undefined ? undefined : followImport(namespace, names);
        if ((typeof value === 'object' && value !== null) || typeof value === 'function')
          return value;
        throw new CorruptDataError(
          `export ${names.join('.').slice(0, 100)} is unknown in the driver`,
        );
      }
      case Extension.MEMBER: {
        const place = reader.u8();
        const owner = decoder.slot() as CodeFunction;
        const key = decoder.slot() as string | symbol;
        const holder = (place & MemberPlace.STATIC) !== 0 ? owner : (owner.prototype as object);
        const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
        const value: unknown =
          descriptor === undefined ? undefined : Reflect.get(descriptor, memberKindOf(place));
        if (typeof value === 'function') return value;
        throw new CorruptDataError(`member ${String(key).slice(0, 100)} of a class is unknown`);
      }
      case Extension.PROTOTYPE:
        return (decoder.slot() as CodeFunction).prototype as object;
      default:
        throw new CorruptDataError(`code of kind ${kind} cannot arrive in the driver`);
    }
  }
}
