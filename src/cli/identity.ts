import { hostname, userInfo } from 'node:os'

import { readDate, readSourceDateEpoch, localDate } from '../model/commit/date-input.ts'
import { createIdentity, type Identity, type Person } from '../model/commit/person.ts'
import type { Config } from '../repo/config/config.ts'
import type { Context } from './context.ts'

type Role = 'AUTHOR' | 'COMMITTER'

/**
 * Who acts: `JZFS_AUTHOR_NAME` and `_EMAIL` (or the committer's), else `user.name` and `user.email`, else user@host of
 * the system. When: `JZFS_AUTHOR_DATE`, else `SOURCE_DATE_EPOCH`, else now.
 */
export function currentPerson(context: Context, config: Pick<Config, 'get'>, role: Role): Person {
  return { ...identity(context, config, role), date: currentDate(context, role) }
}

function identity(context: Context, config: Pick<Config, 'get'>, role: Role): Identity {
  const { name, email } = configuredIdentity(context, config, role)
  const system = systemIdentity()
  return createIdentity(name ?? system.name, email ?? system.email)
}

/** Says on standard error, once a commit is made, that nobody said who its author is, and how to. */
export function sayTakenIdentity(context: Context, config: Pick<Config, 'get'>): void {
  const { name, email } = configuredIdentity(context, config, 'AUTHOR')
  if (name !== undefined && email !== undefined) return
  const system = systemIdentity()
  context.terminal.say(`no author configured: taking ${name ?? system.name} <${email ?? system.email}>`)
  context.terminal.say('hint: jzfs config --user user.name NAME; jzfs config --user user.email EMAIL')
}

function configuredIdentity(
  { env }: Context,
  config: Pick<Config, 'get'>,
  role: Role,
): { name: string | undefined; email: string | undefined } {
  const name = given(env[`JZFS_${role}_NAME`]) ?? (role === 'COMMITTER' ? given(env['JZFS_AUTHOR_NAME']) : undefined)
  const email = given(env[`JZFS_${role}_EMAIL`]) ?? (role === 'COMMITTER' ? given(env['JZFS_AUTHOR_EMAIL']) : undefined)
  return { name: name ?? config.get('user.name'), email: email ?? config.get('user.email') }
}

function currentDate({ env, now }: Context, role: Role): string {
  const date = given(env[`JZFS_${role}_DATE`])
  if (date !== undefined) return readDate(date, localOffset)
  const epoch = given(env['SOURCE_DATE_EPOCH'])
  return epoch === undefined ? localDate(now(), localOffset) : readSourceDateEpoch(epoch)
}

function systemIdentity(): { name: string; email: string } {
  const user = userInfo().username
  return { name: user, email: `${user}@${hostname()}` }
}

/** Minutes east of UTC that the clocks here show at a moment. */
export function localOffset(moment: Date): number {
  return -moment.getTimezoneOffset()
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}
