import fc from 'fast-check'
import { expect } from 'vitest'

import { type Act, BRANCHES, type Choice, PATHS, type Step, STEPS } from './model-steps.ts'
import { editFile, firstModel, seeRepository, seenInModel } from './real-repository.ts'
import type { Model } from './repository-model.ts'

/** The real repository, and how its commands are run: the status, or undefined for one that was killed. */
export interface Real {
  top: string
  run(args: string[]): Promise<number | undefined>
  /** Lets the next command finish what a killed one left. */
  recover(): Promise<void>
}

/** The model is replaced as a whole: the generator's own object only holds it. */
export interface Held {
  model: Model
}

/** Steps in any order; each makes the real repository what the model says. */
export function modelCommands(maxCommands: number) {
  const choice = fc.record({ path: fc.constantFrom(...PATHS), branch: fc.constantFrom(...BRANCHES) })
  const commands = Object.entries(STEPS).map(([name, step]) =>
    choice.map((chosen) => new StepCommand(name, step, chosen)),
  )
  return fc.commands(commands, { maxCommands, size: 'max' })
}

/** A new repository with one commit, and its model. */
export async function beginModel(real: Real): Promise<Held> {
  const files = new Map(['a', 'd/x', 'e/f/g'].map((path) => [path, `${path} at first`]))
  for (const [path, content] of files) editFile(real.top, path, content)
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    ['commit', '-q', '-m', 'first'],
  ])
    await real.run(args)
  return { model: firstModel(files, 'first') }
}

class StepCommand implements fc.AsyncCommand<Held, Real> {
  readonly #name: string
  readonly #step: Step
  readonly #choice: Choice

  constructor(name: string, step: Step, choice: Choice) {
    this.#name = name
    this.#step = step
    this.#choice = choice
  }

  check({ model }: Readonly<Held>): boolean {
    return this.#step(model, this.#choice) !== undefined
  }

  async run(held: Held, real: Real): Promise<void> {
    const planned = this.#step(held.model, this.#choice)
    if (planned === undefined) throw new TypeError('The step makes no sense here')
    const happened = await perform(real, planned.act, planned.status)
    if (happened) held.model = planned.after
    expect((await seeRepository(real.top)).seen).toEqual(seenInModel(held.model))
  }

  toString(): string {
    return `${this.#name}(${this.#choice.path}, ${this.#choice.branch})`
  }
}

/** Whether it happened: a command that was killed did if its operation was written. */
async function perform(real: Real, act: Act, expected: number): Promise<boolean> {
  if ('path' in act) {
    editFile(real.top, act.path, act.content)
    return true
  }
  const before = (await seeRepository(real.top)).operations
  const status = await real.run(act.args)
  if (status !== undefined) {
    expect({ args: act.args, status }).toEqual({ args: act.args, status: expected })
    return true
  }
  await real.recover()
  return (await seeRepository(real.top)).operations > before
}
