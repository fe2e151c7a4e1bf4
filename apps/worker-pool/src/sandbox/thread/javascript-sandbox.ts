import engine from '@jitl/quickjs-wasmfile-release-sync';
import { type JsonObject } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
  Scope,
} from 'quickjs-emscripten-core';
import { type Task, type TaskAnswer } from '../tasks.js';
import { type Dumped, failureOf, textOf } from './thrown.js';

/** The package declares its default export as CommonJS sees it. */
const variant = engine as unknown as QuickJSSyncVariant;
/** Of the host; TypeScript knows it in browsers alone. */
const { WebAssembly } = globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<object> } };

interface Memory {
  readonly buffer: ArrayBuffer;
}

type JavascriptTask = Extract<Task, { kind: 'javascript' }>;

/** The function's name among the exports of its module, whatever it is called. */
const EXPORTED = '$called';
const FILE = 'capability.js';
/** Of what runs in the sandbox; the thread's own is larger, so that it is the sandbox that reports it. */
const STACK_BYTES = 256 * 1024;
/** The longest answer, in characters of JSON. */
const OUTPUT_CHARACTERS = 1024 * 1024;
/** An engine that has grown beyond it is not kept: its memory never shrinks. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** What code expects to be there, and may do nothing. */
const CONSOLE = 'globalThis.console = Object.freeze(Object.fromEntries(["log","info","warn","error","debug"].map((k) => [k, () => {}])));';

/**
 * Runs functions in QuickJS, compiled to WebAssembly: each call in a runtime of its own that holds nothing of the host's. It does not hold
 * its limits in all cases: whoever owns the thread ends it at the deadline.
 */
export class JavascriptSandbox {
  #engine: { module: QuickJSWASMModule; source: string } | null = null;

  private constructor(private readonly compiled: object) {}

  static async create(): Promise<JavascriptSandbox> {
    const file = fileURLToPath(import.meta.resolve('@jitl/quickjs-wasmfile-release-sync/wasm'));
    return new JavascriptSandbox(await WebAssembly.compile(await readFile(file)));
  }

  /** Does not reject. */
  async run(task: JavascriptTask): Promise<TaskAnswer> {
    try {
      const module = await this.#engineFor(task.source);
      const answer = Scope.withScope((scope) => call(module, task, scope));
      if ((module.getWasmMemory() as Memory).buffer.byteLength > KEPT_BYTES) this.#engine = null;
      return answer;
    } catch (thrown) {
      // The engine itself gave up, and is in no state to go on.
      this.#engine = null;
      return { kind: 'failed', code: 'capability_failed', message: `the sandbox gave up: ${textOf(thrown)}` };
    }
  }

  /** Calls of the same code share an engine, those of different code don't. */
  async #engineFor(source: string): Promise<QuickJSWASMModule> {
    if (this.#engine?.source !== source) {
      this.#engine = null;
      const options = { wasmModule: this.compiled } as unknown as Parameters<typeof newVariant>[1];
      this.#engine = {
        module: await newQuickJSWASMModuleFromVariant(newVariant(variant, options)),
        source,
      };
    }
    return this.#engine.module;
  }
}

const call = (
  module: QuickJSWASMModule,
  { source, function: name, given, memoryMb, timeoutMs }: JavascriptTask,
  scope: Scope,
): TaskAnswer => {
  const until = performance.now() + timeoutMs;
  const runtime = scope.manage(module.newRuntime());
  runtime.setMemoryLimit(memoryMb * 1024 * 1024);
  runtime.setMaxStackSize(STACK_BYTES);
  runtime.setInterruptHandler(() => performance.now() > until);
  const context = scope.manage(runtime.newContext());
  const own = ownOf(context, scope);
  const failed = (thrown: QuickJSHandle) => failureOf(context.dump(scope.manage(thrown)) as Dumped, { timeoutMs, memoryMb });

  const loaded = settled(context, scope, context.evalCode(`${source}\nexport { ${name} as ${EXPORTED} };`, FILE, { type: 'module' }));
  if (loaded.kind === 'thrown') {
    const dumped = context.dump(scope.manage(loaded.error)) as Dumped;
    const failure = failureOf(dumped, { timeoutMs, memoryMb });
    if (failure.code !== 'capability_failed') return { kind: 'failed', ...failure };
    const syntax = dumped?.name === 'SyntaxError';
    const missing = syntax && dumped.message?.startsWith('exported variable');
    const message = missing ? `it has no function ${name} at its top level` : failure.message;
    return { kind: 'unusable', code: syntax ? 'capability_syntax' : 'capability_load_failed', message };
  }
  if (loaded.kind === 'pending') return { kind: 'unusable', code: 'capability_load_failed', message: 'it waits for what never comes' };
  const called = scope.manage(context.getProp(loaded.value, EXPORTED));
  if (context.typeof(called) !== 'function') return { kind: 'unusable', code: 'capability_syntax', message: `${name} is no function` };
  if (given === null) return { kind: 'loaded' };

  const argument = scope.manage(
    context.unwrapResult(context.callFunction(own.parse, context.undefined, scope.manage(context.newString(given)))),
  );
  const result = settled(context, scope, context.callFunction(called, context.undefined, argument));
  if (result.kind === 'thrown') return { kind: 'failed', ...failed(result.error) };
  if (result.kind === 'pending') return bad('it returned a promise that nothing settles');
  const written = context.callFunction(own.stringify, context.undefined, result.value);
  if (written.error) return { kind: 'failed', ...failed(written.error) };
  const text = scope.manage(written.value);
  if (context.typeof(text) !== 'string') return bad(`it returned ${context.typeof(result.value)}, which is no object`);
  const length = context.getNumber(scope.manage(context.getProp(text, 'length')));
  if (length > OUTPUT_CHARACTERS) return bad(`it returned ${length} characters of JSON: ${OUTPUT_CHARACTERS} are allowed`);
  const output: unknown = JSON.parse(context.getString(text));
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return bad('it returned no object');
  return { kind: 'output', output: output as JsonObject };
};

const bad = (message: string): TaskAnswer => ({ kind: 'failed', code: 'capability_bad_output', message });

/** What its own code could put something else in the place of, taken before that runs. */
const ownOf = (context: QuickJSContext, scope: Scope): { parse: QuickJSHandle; stringify: QuickJSHandle } => {
  scope.manage(context.unwrapResult(context.evalCode(CONSOLE)));
  const json = scope.manage(context.getProp(context.global, 'JSON'));
  return { parse: scope.manage(context.getProp(json, 'parse')), stringify: scope.manage(context.getProp(json, 'stringify')) };
};

type Settled = { kind: 'value'; value: QuickJSHandle } | { kind: 'thrown'; error: QuickJSHandle } | { kind: 'pending' };

/** What came of a call; of one that returned a promise, what came of that. */
const settled = (context: QuickJSContext, scope: Scope, result: ReturnType<QuickJSContext['callFunction']>): Settled => {
  if (result.error) return { kind: 'thrown', error: result.error };
  const returned = scope.manage(result.value);
  const jobs = context.runtime.executePendingJobs();
  if (jobs.error) return { kind: 'thrown', error: jobs.error };
  const state = context.getPromiseState(returned);
  switch (state.type) {
    case 'pending':
      return { kind: 'pending' };
    case 'rejected':
      return { kind: 'thrown', error: state.error };
    case 'fulfilled':
      return { kind: 'value', value: state.notAPromise ? returned : scope.manage(state.value) };
  }
};
