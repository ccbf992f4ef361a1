import { JzfsError } from '../../model/errors.ts'
import type { DoctorFinding } from '../../node/doctor/finding.ts'
import { openConfig } from '../../repo/config/config.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { configSources } from '../here.ts'
import { homeDirectory, userConfigFile } from '../home.ts'
import { VERSION } from '../version.ts'

interface DoctorFlags {
  quiet?: true
  json?: true
}

/** `jzfs doctor`: says what is wrong with this machine's set-up. Exits with 1 where something does not work. */
export const doctor: CommandModule = {
  configure(command, context) {
    command
      .option('-q, --quiet', 'print what is wrong, and nothing else')
      .option('--json', 'print one JSON document')
      .addHelpText(
        'after',
        '\nExits with 0 where nothing is wrong (warnings are not), and with 1 where something is.\n',
      )
      .action((flags: DoctorFlags) => run(context, flags))
  },
}

async function run(context: Context, flags: DoctorFlags): Promise<void> {
  const [{ runDoctor }, { openFilesLimit }] = await Promise.all([
    import('../../http/doctor/run-doctor.ts'),
    import('../../node/doctor/check-machine.ts'),
  ])
  const runtime = context.env['XDG_RUNTIME_DIR'] ?? ''
  const findings: DoctorFinding[] = []
  const running = runDoctor({
    directory: homeDirectory(context),
    runtimeDirectory: runtime === '' ? undefined : runtime,
    userConfig: userConfigFile(context),
    nodeVersion: process.versions.node,
    openFilesLimit: openFilesLimit(),
    now: context.now(),
    version: VERSION,
    ports: configuredPorts(context),
    signal: context.signal,
  })
  for await (const finding of running) {
    findings.push(finding)
    if (finding.severity === 'error') context.status = EXIT.partial
    if (flags.json !== true && (flags.quiet !== true || finding.severity !== 'ok')) {
      await context.terminal.out(textOf(finding))
    }
  }
  if (flags.json) await context.terminal.json({ ok: context.status === EXIT.ok, findings })
}

/** A configuration that cannot be read is told by its own check. */
function configuredPorts(context: Context) {
  try {
    const config = openConfig(configSources(context))
    return (['network.port', 'http.port'] as const).flatMap((key) => {
      const port = config.get(key)
      return port === undefined ? [] : [{ key, port }]
    })
  } catch (error) {
    if (error instanceof JzfsError) return []
    throw error
  }
}

function textOf({ severity, code, message, remedy }: DoctorFinding): string {
  const head = severity === 'ok' ? `ok       ${code}: ${message}` : `${severity.padEnd(8)} ${code}: ${message}`
  return `${head}\n${remedy === undefined ? '' : `         ${remedy}\n`}`
}
