/**
 * One look at a thread that is stuck, through the inspector: pauses it at its next statement and asks a function it has put into a global slot what is running. Runs in the watchdog's thread.
 *
 * Invariants:
 * 1. The class is sent to that thread as text: it refers to nothing outside itself, and uses no private names or initial values of fields, which older targets turn into helpers.
 * 2. Whatever becomes of a look, `end` lets the thread go on.
 */
import type * as inspectorModule from 'node:inspector'

export interface Seen {
  readonly instanceId?: string | undefined
  readonly name?: string | undefined
  readonly stack: string
  /** False: the function could not be asked, and the stack is all there is. */
  readonly isAnswer: boolean
}

interface Paused {
  readonly params: { readonly callFrames: readonly { readonly functionName: string; readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number } }[] }
}

export class InspectorLook {
  declare private session: inspectorModule.Session
  declare private isEnded: boolean

  constructor(
    private readonly load: (module: string) => unknown,
    /** Key of the global symbol under which the function is found. */
    private readonly slot: string,
  ) {
    this.isEnded = false
  }

  /** Calls `found` at most once, while the thread is held; never when `isStillStuck` says no by then. A thread inside a native call stops as soon as that returns. @throws where there is no inspector */
  begin(isStillStuck: () => boolean, found: (seen: Seen) => void): void {
    this.connect()
    let tries = 0
    const urls = new Map<string, string>()
    this.session.on('Debugger.scriptParsed', ({ params }: { readonly params: { readonly scriptId: string; readonly url: string } }) => urls.set(params.scriptId, params.url))
    this.session.on('Debugger.paused', ({ params: { callFrames } }: Paused) => {
      if (!isStillStuck()) return this.end()
      const expression = `globalThis[Symbol.for(${JSON.stringify(this.slot)})]()`
      this.session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, answer) => {
        // The session tells of its own end by an error.
        if (this.isEnded) return
        const value = answer?.result?.value as Seen | undefined
        const raw = callFrames.map(({ functionName, location: { scriptId, lineNumber, columnNumber = 0 } }) => `    at ${functionName} (${urls.get(scriptId)}:${lineNumber + 1}:${columnNumber + 1})`)
        const seen = error === null && typeof value?.stack === 'string' ? { ...value, stack: this.ownFrames(value.stack), isAnswer: true } : { stack: raw.join('\n'), isAnswer: false }
        if (seen.stack.split('\n').some((line) => !line.includes('node:') && !line.includes('(<anonymous>)'))) return found(seen)
        if (tries++ >= 50) return found({ stack: seen.stack, isAnswer: false })
        // Between two microtasks nobody's code is on the stack. The next step may be inside some, or never come: then another moment has to do.
        this.session.post('Debugger.stepInto')
        setTimeout(() => this.isEnded || this.session.post('Debugger.pause'), 20)
      })
    })
    // Both at once: between the answer to the first and the second a call that has just returned would run on, and away from where it was stuck.
    this.session.post('Debugger.enable')
    this.session.post('Debugger.pause')
  }

  /** Ends the process from within, so that it has an exit code. */
  exit(code: number): void {
    if (this.session === undefined) this.connect()
    this.session.post('Runtime.evaluate', { expression: `process.reallyExit(${code})`, silent: true })
  }

  end(): void {
    this.isEnded = true
    this.session.disconnect()
  }

  private connect(): void {
    const inspector = this.load('node:inspector') as typeof inspectorModule
    this.session = new inspector.Session()
    this.session.connectToMainThread()
  }

  /** Without the head, and without the call that the look itself made. */
  private ownFrames(stack: string): string {
    const frames = stack.split('\n').filter((line) => line.startsWith('    at '))
    return frames.slice(frames[0]?.includes('<anonymous>:1:') === true ? 1 : 0).join('\n')
  }
}
