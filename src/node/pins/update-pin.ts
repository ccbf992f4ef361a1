import { parseCidText } from '../../model/cid-text.ts'
import { ConflictError, InvalidError, JzfsError } from '../../model/errors.ts'
import { parseIpnsName } from '../../sync/names/ipns-name.ts'
import type { Home } from '../home/home.ts'
import { type AddedPin, addPin, type AddPinOptions, pinMissing, removePin } from '../publish/home-pins.ts'
import { changePinNotes, listNotedPins, readPinNotes } from './pin-notes.ts'

/** What is to be kept, and what is noted of it. */
export interface KeepPinOptions extends AddPinOptions {
  /** What the user calls it (default: as before). */
  name?: string | undefined
  /** Whether it shall follow its name from now on (default: as before). */
  follows?: boolean
  /** Addresses of peers to ask for it later on (default: as before). */
  addresses?: readonly string[]
}

/**
 * Pins a dataset, and notes what its user calls it, whether it follows its name, and whom to ask.
 *
 * Throws what `addPin` throws, InvalidError `pin-name-invalid`, ConflictError `pin-name-taken` (details of both: `name`),
 * and InvalidError `pin-not-a-name` where it shall follow what is no name.
 */
export async function keepPin(home: Home, options: KeepPinOptions): Promise<AddedPin> {
  const { source, name, follows, addresses = [], command, now } = options
  const label = 'name' in source ? source.name : source.cid.toV1().toString()
  if (follows === true && !('name' in source)) throw notAName(label)
  if (name !== undefined) checkName(home, label, name)
  const pinned = await addOrNote(home, label, options)
  // Not before: the daemon would begin to fetch the same.
  await changePinNotes(home, label, command, (before) => ({
    name: name ?? before?.name,
    follows: follows ?? before?.follows ?? false,
    peers: addresses.length > 0 ? [...addresses] : (before?.peers ?? []),
    updatedAt: now.toISOString(),
  }))
  return pinned
}

/**
 * Brings a pin that follows a name up to date, and notes how that went: what went wrong stays noted until it goes well, and
 * the pin stays what it was. Throws what `addPin` throws, and NotFoundError `pin-missing` (details: `pin`), also where it was
 * removed meanwhile.
 */
export async function updatePin(home: Home, label: string, options: Omit<AddPinOptions, 'source'>): Promise<AddedPin> {
  if (readPinNotes(home, label) === undefined) throw pinMissing(label)
  const { command, person, now } = options
  const pinned = await addOrNote(home, label, { ...options, source: { name: parseIpnsName(label) } })
  let isKept = false
  await changePinNotes(home, label, command, (before) => {
    isKept = before !== undefined
    return before && { ...before, updatedAt: now.toISOString(), problem: undefined }
  })
  if (isKept) return pinned
  await removePin(home, label, { command, person })
  throw pinMissing(label)
}

/** Notes what is wrong with a pin; nothing is written where that is known. */
export async function notePinProblem(
  home: Home,
  label: string,
  { code, message }: Pick<JzfsError, 'code' | 'message'>,
  { command, now }: { command: string; now: Date },
): Promise<void> {
  await changePinNotes(home, label, command, (before) => {
    if (before === undefined || (before.problem?.code === code && before.problem.message === message)) return before
    const since = before.problem?.code === code ? before.problem.since : now.toISOString()
    return { ...before, problem: { code, message, since } }
  })
}

/** The label of the pin that its user calls by this name; undefined where there is none. */
export function findPinByName(home: Home, name: string): string | undefined {
  return listNotedPins(home).find((label) => readPinNotes(home, label)?.name === name)
}

/** Pins, or notes of a pin that is noted why it could not be brought up to date. */
async function addOrNote(home: Home, label: string, options: AddPinOptions): Promise<AddedPin> {
  const { command, now } = options
  try {
    return await addPin(home, options).catch((error: unknown) => {
      // The daemon was quicker: what it brought is there now.
      if (!(error instanceof JzfsError) || error.code !== 'ref-changed') throw error
      return addPin(home, options)
    })
  } catch (error) {
    if (error instanceof JzfsError) await notePinProblem(home, label, error, { command, now })
    throw error
  }
}

const MAX_NAME_LENGTH = 100

function checkName(home: Home, label: string, name: string): void {
  const isPlain = /^[^\s\p{C}/-][^\p{C}/]*$/u.test(name) && name.length <= MAX_NAME_LENGTH
  if (!isPlain || isAddress(name)) {
    throw new InvalidError('pin-name-invalid', `a pin cannot be called ${JSON.stringify(name)}`, {
      hint: `choose another name: up to ${MAX_NAME_LENGTH} characters, no slash, and no CID`,
      details: { name },
    })
  }
  const other = findPinByName(home, name)
  if (other === undefined || other === label) return
  throw new ConflictError('pin-name-taken', `another pin is called ${name}: ${other}`, {
    hint: 'choose another name; `jzfs pin ls` shows those that are taken',
    details: { name, pin: other },
  })
}

/** Whether it is, or looks like, what a pin is called by otherwise. */
function isAddress(text: string): boolean {
  try {
    return parseCidText(text) !== undefined || parseIpnsName(text) !== ''
  } catch (error) {
    return error instanceof JzfsError && error.code === 'cid-unsupported'
  }
}

function notAName(label: string): InvalidError {
  return new InvalidError('pin-not-a-name', `only a name can be followed, and this is a CID: ${label}`, {
    hint: 'pin it without --follow, or name what it was published under: ipns://NAME',
    details: { pin: label },
  })
}
