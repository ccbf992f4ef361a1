import { SELF_KEY } from '../../node/home/key-store.ts'
import type { CommandModule } from '../command.ts'
import { declareResolve } from '../names/resolve-options.ts'

type Configure = CommandModule['configure']

/** `jzfs name`: IPNS names and their records, one by one. */
export const name: CommandModule = {
  configure(command, context) {
    configurePublish(command, context)
    configureResolve(command, context)
    configureFiles(command, context)
    configureForks(command, context)
  },
}

const configurePublish: Configure = (command, context) => {
  command
    .command('publish')
    .description('sign what the name of a key means')
    .argument('<value>', 'a revision, or ipfs://CID')
    .option('-k, --key <name>', 'the key that signs', SELF_KEY)
    .option('-t, --lifetime <time>', 'how long the record is valid: 7d, 36h (default: as before, 7d at first)')
    .option('--ttl <time>', 'how long others may use it without looking again (default: as before, 60s at first)')
    .option('--sequence <number>', 'the sequence of the record, higher than all before')
    .option('--json', 'print one JSON document')
    .action(async (value: string, flags: object) =>
      (await import('../names/publish-name.ts')).publishHere(context, value, flags),
    )
  command
    .command('unpublish')
    .description('give the record of a name no more, and sign it no more')
    .argument('<name>', 'the IPNS name')
    .option('--json', 'print one JSON document')
    .action(async (text: string, flags: object) =>
      (await import('../names/publish-name.ts')).unpublishHere(context, text, flags),
    )
}

const configureResolve: Configure = (command, context) => {
  const resolve = command.command('resolve').description('show what a name means, and what its record says')
  declareResolve(resolve, context, { details: true })
}

const configureFiles: Configure = (command, context) => {
  command
    .command('inspect')
    .description('show all that a record says, without believing it')
    .argument('<file>', 'a file with a record (- for standard input), or an IPNS name that is known here')
    .option('--verify <name>', 'say whether the key of this name signed it')
    .option('--json', 'print one JSON document')
    .action(async (file: string, flags: object) =>
      (await import('../names/inspect-here.ts')).inspectHere(context, file, flags),
    )
  command
    .command('verify')
    .description('check that a record is of a name and valid now')
    .argument('<name>', 'the IPNS name')
    .argument('<file>', 'the file with the record; - for standard input')
    .option('--allow-expired', 'accept a record whose life is over')
    .option('--json', 'print one JSON document')
    .action(async (text: string, file: string, flags: object) =>
      (await import('../names/inspect-here.ts')).verifyHere(context, text, file, flags),
    )
  command
    .command('export')
    .description('write the newest record of a name that is known here to a file')
    .argument('<name>', 'the IPNS name')
    .option('-o, --output <file>', 'the file to write; - for standard output (default: NAME.ipns-record)')
    .action(async (text: string, flags: object) =>
      (await import('../names/record-files.ts')).exportRecord(context, text, flags),
    )
  command
    .command('import')
    .description('remember the record of a name from a file')
    .argument('<name>', 'the IPNS name')
    .argument('<file>', 'the file with the record; - for standard input')
    .option('--allow-expired', 'accept a record whose life is over')
    .option('--json', 'print one JSON document')
    .action(async (text: string, file: string, flags: object) =>
      (await import('../names/record-files.ts')).importRecord(context, text, file, flags),
    )
}

const configureForks: Configure = (command, context) => {
  command
    .command('forks')
    .description('show where names have two values at one sequence')
    .argument('[name]', 'the IPNS name (default: all that are known here)')
    .option('--json', 'print one JSON document')
    .action(async (text: string | undefined, flags: object) =>
      (await import('../names/forks.ts')).showForks(context, text, flags),
    )
  command
    .command('accept')
    .description('take one value of a name that has several, or that went on elsewhere')
    .argument('<name>', 'the IPNS name')
    .argument('<cid>', 'the value, as `name forks` or the error shows it')
    .option('--json', 'print one JSON document')
    .action(async (text: string, cid: string, flags: object) =>
      (await import('../names/forks.ts')).acceptValue(context, text, cid, flags),
    )
}
