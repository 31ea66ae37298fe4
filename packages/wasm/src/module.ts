/** A module in the making. Declare imports first, then functions, memories and the rest in any order; `finish` gives the binary.
 *  `reset` starts the next module in the same buffers. Core specification 2.0, section 5.5. Left out: multi-memory, tags. */
import { ByteWriter } from './bytes.ts';
import { CodeStore } from './code-store.ts';
import { WasmError } from './errors.ts';
import { FuncBuilder, type FuncNames } from './func.ts';
import { writeNames } from './name-section.ts';
import { Kind, Section, writeInit, writeLimits, writeTable, type Init } from './sections.ts';
import { checkType, FUNCREF, I32, I64, type MemoryLimits, type TableLimits, type ValType } from './types.ts';

export interface FuncOptions {
  /** For the name section. */
  readonly name?: string | undefined;
  readonly params?: readonly ValType[];
  readonly results?: readonly ValType[];
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const FUNC_TYPE = 0x60;
/** Flags of an element segment, and of a data segment where the name says so. */
const Elem = { PASSIVE: 1, EXPLICIT: 2, DECLARATIVE: 3, EXPRESSIONS: 4 } as const;
const Data = { ACTIVE: 0, PASSIVE: 1 } as const;
const ELEMKIND_FUNC = 0;

export class ModuleBuilder {
  private readonly store = new CodeStore();
  private readonly typeIndices = new Map<string, number>();
  private readonly types = new ByteWriter();
  private readonly imports = new ByteWriter();
  private readonly tables = new ByteWriter();
  private readonly memories = new ByteWriter();
  private readonly globals = new ByteWriter();
  private readonly exports = new ByteWriter();
  private readonly elems = new ByteWriter();
  private readonly datas = new ByteWriter();
  private readonly section = new ByteWriter();
  private readonly out = new ByteWriter();
  private readonly imported = { funcs: 0, tables: 0, memories: 0, globals: 0 };
  private readonly exportNames = new Set<string>();
  private readonly funcNames = new Map<number, FuncNames>();
  private readonly globalNames = new Map<number, string>();
  /** Type index of each function that has a body. */
  private readonly funcTypes: number[] = [];
  private startFunc = -1;
  private memory64 = false;
  private moduleName: string | undefined;

  /** Forgets the module but keeps its buffers for the next one. */
  reset(): void {
    this.store.reset();
    for (const part of [this.types, this.imports, this.tables, this.memories, this.globals, this.exports, this.elems, this.datas]) part.pos = 0;
    for (const table of [this.typeIndices, this.exportNames, this.funcNames, this.globalNames]) table.clear();
    this.imported.funcs = this.imported.tables = this.imported.memories = this.imported.globals = 0;
    this.funcTypes.length = 0;
    this.startFunc = -1;
    this.memory64 = false;
    this.moduleName = undefined;
  }

  /** Name of the module in the name section. */
  name(name: string): void {
    this.moduleName = name;
  }

  /** Index of a function type; equal types share one. */
  type(params: readonly ValType[], results: readonly ValType[]): number {
    const key = `${params.join()}>${results.join()}`;
    const known = this.typeIndices.get(key);
    if (known !== undefined) return known;
    for (const type of params) checkType(type, 'parameter');
    for (const type of results) checkType(type, 'result');
    const index = this.store.counts.types++;
    this.typeIndices.set(key, index);
    this.types.u8(FUNC_TYPE);
    this.types.u32(params.length);
    this.types.raw(params);
    this.types.u32(results.length);
    this.types.raw(results);
    return index;
  }

  /** Imports a function; returns its index. Imports come before the first `func`, since they are numbered first. */
  importFunc(module: string, name: string, params: readonly ValType[], results: readonly ValType[]): number {
    this.import(module, name, Kind.FUNC, 'funcs');
    this.imports.u32(this.type(params, results));
    return this.store.counts.funcs - 1;
  }

  importMemory(module: string, name: string, limits: MemoryLimits): number {
    this.import(module, name, Kind.MEMORY, 'memories');
    return this.addMemory(this.imports, limits);
  }

  importTable(module: string, name: string, limits: TableLimits): number {
    this.import(module, name, Kind.TABLE, 'tables');
    writeTable(this.imports, limits, 'imported table');
    return this.store.counts.tables - 1;
  }

  importGlobal(module: string, name: string, type: ValType, mutable = false): number {
    this.import(module, name, Kind.GLOBAL, 'globals');
    checkType(type, 'imported global');
    this.imports.u8(type);
    this.imports.u8(mutable ? 1 : 0);
    return this.store.counts.globals - 1;
  }

  memory(limits: MemoryLimits): number {
    this.store.counts.memories++;
    return this.addMemory(this.memories, limits);
  }

  table(limits: TableLimits): number {
    writeTable(this.tables, limits, 'table');
    return this.store.counts.tables++;
  }

  global(type: ValType, mutable: boolean, init: Init, name?: string): number {
    const index = this.store.counts.globals++;
    checkType(type, `global ${index}`);
    this.globals.u8(type);
    this.globals.u8(mutable ? 1 : 0);
    writeInit(this.globals, type, init, `global ${index}`);
    if (name !== undefined) this.globalNames.set(index, name);
    return index;
  }

  /** Opens a function. Its body is written through the result and closed by its last `end()`; several may be open at once. */
  func({ name, params = [], results = [] }: FuncOptions = {}): FuncBuilder {
    const index = this.store.counts.funcs++;
    this.funcTypes.push(this.type(params, results));
    const func = new FuncBuilder(index, this.store, params, name);
    this.funcNames.set(index, func.names);
    return func;
  }

  exportFunc(name: string, func: FuncBuilder | number): void {
    const index = typeof func === 'number' ? func : func.index;
    this.store.check('funcs', index, `export '${name}'`);
    this.export(name, Kind.FUNC, index);
  }

  exportMemory(name: string, memory = 0): void {
    this.store.check('memories', memory, `export '${name}'`);
    this.export(name, Kind.MEMORY, memory);
  }

  exportTable(name: string, table = 0): void {
    this.store.check('tables', table, `export '${name}'`);
    this.export(name, Kind.TABLE, table);
  }

  exportGlobal(name: string, global: number): void {
    this.store.check('globals', global, `export '${name}'`);
    this.export(name, Kind.GLOBAL, global);
  }

  /** Function to run at instantiation. */
  start(func: FuncBuilder | number): void {
    const index = typeof func === 'number' ? func : func.index;
    this.store.check('funcs', index, 'start');
    this.startFunc = index;
  }

  /** Puts functions into a table at instantiation; null leaves a null reference. Returns the segment's index. */
  elem(table: number, offset: number | { readonly global: number }, funcs: readonly (number | null)[]): number {
    this.store.check('tables', table, 'elem');
    return this.segment(Elem.EXPLICIT, funcs, () => {
      this.elems.u32(table);
      writeInit(this.elems, I32, offset, 'elem');
    });
  }

  /** Functions for `table.init`. */
  passiveElem(funcs: readonly (number | null)[]): number {
    return this.segment(Elem.PASSIVE, funcs);
  }

  /** Allows `ref.func` of functions that are neither exported nor in a table. */
  declareElem(funcs: readonly (number | null)[]): number {
    return this.segment(Elem.DECLARATIVE, funcs);
  }

  /** Bytes that memory 0 holds at `offset` after instantiation. Returns the segment's index. */
  data(offset: number | { readonly global: number }, bytes: ArrayLike<number>): number {
    this.store.check('memories', 0, 'data');
    this.datas.u8(Data.ACTIVE);
    writeInit(this.datas, this.memory64 ? I64 : I32, offset, 'data');
    return this.dataBytes(bytes);
  }

  /** Bytes for `memory.init`. */
  passiveData(bytes: ArrayLike<number>): number {
    this.datas.u8(Data.PASSIVE);
    return this.dataBytes(bytes);
  }

  /** The module's binary. Throws when a function is not closed. */
  finish(): Uint8Array<ArrayBuffer> {
    const { out, store } = this;
    const { counts } = store;
    this.checkClosed();
    out.pos = 0;
    out.raw(HEADER);
    this.vector(Section.TYPE, counts.types, this.types);
    this.vector(Section.IMPORT, this.imported.funcs + this.imported.tables + this.imported.memories + this.imported.globals, this.imports);
    this.writeFunctions();
    this.vector(Section.TABLE, counts.tables - this.imported.tables, this.tables);
    this.vector(Section.MEMORY, counts.memories - this.imported.memories, this.memories);
    this.vector(Section.GLOBAL, counts.globals - this.imported.globals, this.globals);
    this.vector(Section.EXPORT, this.exportNames.size, this.exports);
    if (this.startFunc >= 0) this.writeSection(Section.START, (w) => w.u32(this.startFunc));
    this.vector(Section.ELEMENT, counts.elems, this.elems);
    if (counts.datas) this.writeSection(Section.DATA_COUNT, (w) => w.u32(counts.datas));
    this.writeCustom('metadata.code.branch_hint', (w) => store.writeHints(w));
    this.writeCode();
    this.vector(Section.DATA, counts.datas, this.datas);
    this.writeCustom('name', (w) => writeNames(w, { module: this.moduleName, funcs: this.funcNames, globals: this.globalNames }));
    return out.bytes.slice(0, out.pos);
  }

  private import(module: string, name: string, kind: number, space: keyof ModuleBuilder['imported']): void {
    if (this.store.counts[space] !== this.imported[space]) {
      throw new WasmError(`import ${module}.${name}: the module has ${space} of its own already; imports are numbered first, so import before defining`);
    }
    this.imported[space]++;
    this.store.counts[space]++;
    this.imports.name(module);
    this.imports.name(name);
    this.imports.u8(kind);
  }

  private addMemory(out: ByteWriter, limits: MemoryLimits): number {
    if (this.store.counts.memories > 1) throw new WasmError('a module has one memory here; multi-memory is not supported');
    writeLimits(out, limits, 'memory');
    this.memory64 = limits.memory64 === true;
    return 0;
  }

  private export(name: string, kind: number, index: number): void {
    if (this.exportNames.has(name)) throw new WasmError(`export '${name}' exists already; export names are unique in a module`);
    this.exportNames.add(name);
    this.exports.name(name);
    this.exports.u8(kind);
    this.exports.u32(index);
  }

  private segment(mode: number, funcs: readonly (number | null)[], target?: () => void): number {
    const { elems } = this;
    for (const func of funcs) if (func !== null) this.store.check('funcs', func, 'element segment');
    const expressions = funcs.includes(null);
    elems.u8(mode | (expressions ? Elem.EXPRESSIONS : 0));
    target?.();
    elems.u8(expressions ? FUNCREF : ELEMKIND_FUNC);
    elems.u32(funcs.length);
    for (const func of funcs) {
      if (expressions) writeInit(elems, FUNCREF, func, 'element segment');
      else elems.u32(func!);
    }
    return this.store.counts.elems++;
  }

  private dataBytes(bytes: ArrayLike<number>): number {
    this.datas.u32(bytes.length);
    this.datas.raw(bytes);
    return this.store.counts.datas++;
  }

  private checkClosed(): void {
    const first = this.imported.funcs;
    for (let i = first; i < first + this.funcTypes.length; i++) {
      if (this.store.isClosed(i)) continue;
      const name = this.funcNames.get(i)?.name;
      throw new WasmError(`function ${i}${name === undefined ? '' : ` '${name}'`} is not closed; each block, and the function itself, needs its end()`);
    }
  }

  /** A section that is a vector of `count` entries written earlier; left out when empty. */
  private vector(id: number, count: number, entries: ByteWriter): void {
    if (count === 0) return;
    this.writeSection(id, (w) => {
      w.u32(count);
      w.slice(entries.bytes, 0, entries.pos);
    });
  }

  private writeSection(id: number, write: (w: ByteWriter) => void): void {
    const { section, out } = this;
    section.pos = 0;
    write(section);
    out.u8(id);
    out.u32(section.pos);
    out.slice(section.bytes, 0, section.pos);
  }

  private writeFunctions(): void {
    if (this.funcTypes.length === 0) return;
    this.writeSection(Section.FUNCTION, (w) => {
      w.u32(this.funcTypes.length);
      for (const type of this.funcTypes) w.u32(type);
    });
  }

  private writeCode(): void {
    if (this.funcTypes.length === 0) return;
    this.writeSection(Section.CODE, (w) => {
      w.u32(this.funcTypes.length);
      for (let i = 0; i < this.funcTypes.length; i++) this.store.writeBody(w, this.imported.funcs + i);
    });
  }

  /** A custom section; left out when `write` writes nothing. */
  private writeCustom(name: string, write: (w: ByteWriter) => void): void {
    const { section } = this;
    section.pos = 0;
    section.name(name);
    const empty = section.pos;
    write(section);
    if (section.pos === empty) return;
    this.out.u8(Section.CUSTOM);
    this.out.u32(section.pos);
    this.out.slice(section.bytes, 0, section.pos);
  }
}
