import { Command as Commander, CommanderError } from 'commander';
import { asFault, EXIT, Fault } from '../base/fault.ts';
import { COMMANDS, GLOBAL_FLAGS } from './commands.ts';
import { TopologyFault, tellFindings } from './findings.ts';
import { EXIT_HELP, homeHelp } from './help.ts';
import { unlessInterrupted, writtenUnlessInterrupted } from './interrupted.ts';
import { type Cli, type GlobalFlags, type Session, sessionOf } from './session.ts';
import { unknownCommand } from './synonyms.ts';
import type { Command } from './verb.ts';

/** Runs one command line. Resolves with the exit code, and never rejects: what it cannot do, it says. */
export async function runProgram(
  cli: Cli,
  argv: readonly string[],
  onSession: (session: Session) => void,
): Promise<number> {
  let exit: number = EXIT.done;
  const program = new Commander('stillpoint')
    .description('one state-consistent snapshot of VMs across several storage arrays')
    .version(cli.version, '--version')
    .helpOption('-h, --help', 'this help')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, helpWidth: 80, sortSubcommands: false })
    .configureOutput({ writeOut: (text) => cli.stdout.write(text), writeErr: () => {} })
    .helpCommand(false);
  for (const [flag, description] of GLOBAL_FLAGS) program.option(flag, description);
  program.helpInformation = () => homeHelp(cli.version);

  for (const command of COMMANDS) add(program, command);
  program
    .command('help [command]')
    .description('of a command, or: exit')
    .action((name?: string) => {
      const of = program.commands.find((command) => command.name() === name);
      if (name === undefined) cli.stdout.write(homeHelp(cli.version));
      else if (name === 'exit') cli.stdout.write(EXIT_HELP);
      else if (of !== undefined) cli.stdout.write(of.helpInformation());
      else throw noCommand(name);
    });
  program.action(async () => {
    const { home } = await import('./home.ts');
    exit = await inSession(cli, program.opts<GlobalFlags>(), onSession, home);
  });

  const word = firstWord(argv);
  try {
    // Before the words behind it are read: of `restore SET` there are not too many, there is no `restore`.
    if (word !== undefined && !program.commands.some((command) => command.name() === word)) throw noCommand(word);
    await program.parseAsync([...argv], { from: 'user' });
    return exit;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.done;
    const fault = thrown instanceof CommanderError ? wrongUse(thrown, word) : asFault(thrown);
    return await inSession(cli, { color: true, ...flagsIn(argv) }, onSession, () => Promise.reject(fault));
  }

  function add(parent: Commander, command: Command): void {
    const { name, argument, summary, about, flags = [], load } = command;
    const made = parent.command(argument === undefined ? name : `${name} ${argument}`).summary(summary);
    made
      .description(about === undefined ? `${sentence(summary)}.` : `${sentence(summary)}.\n\n${about}`)
      .exitOverride();
    for (const [flag, description] of flags) made.option(flag, description);
    made
      .configureHelp({ showGlobalOptions: true, helpWidth: 80 })
      .configureOutput({ writeOut: (text) => cli.stdout.write(text), writeErr: () => {} });
    made.action(async (...given: readonly unknown[]) => {
      const args = given
        .slice(0, made.registeredArguments.length)
        .flatMap((value) => (Array.isArray(value) ? value : [value]));
      const words = args.map((value) => (typeof value === 'string' ? value : undefined));
      exit = await inSession(
        cli,
        made.optsWithGlobals<GlobalFlags>(),
        onSession,
        async (session) => (await load()).run(session, words, made.opts()),
        command,
      );
    });
  }
}

/** One command with its output: a Fault is told and becomes the exit code; anything else is a bug, with its stack. */
async function inSession(
  cli: Cli,
  flags: GlobalFlags,
  onSession: (session: Session) => void,
  work: (session: Session) => Promise<number>,
  kind: Pick<Command, 'acts' | 'shows'> = {},
): Promise<number> {
  const session = await sessionOf(cli, flags, kind);
  const { acts } = session;
  onSession(session);
  cli.waits.tell = (wait) => session.output.emit({ type: 'waiting', ...wait });
  let exit: number;
  try {
    const working = work(session);
    exit = await (acts ? working : unlessInterrupted(cli, working));
  } catch (thrown) {
    const fault = asFault(thrown);
    if (fault instanceof TopologyFault) tellFindings(session, fault.findings);
    session.output.fault(fault);
    exit = fault.exit;
  }
  const isWritten = await writtenUnlessInterrupted(cli, session.output.close(exit));
  return isWritten || acts ? exit : Math.max(exit, asFault(cli.interrupt.reason).exit);
}

function noCommand(word: string): Fault {
  return unknownCommand(
    word,
    COMMANDS.map(({ name }) => name),
  );
}

/** The command that is meant; undefined where a flag before it is none of ours, or asks for no command. */
function firstWord(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') return argv[index + 1];
    if (!word.startsWith('-')) return word;
    const known = GLOBAL_FLAGS.find(([flag]) => flag.split(/[ ,]+/).some((name) => name === word.replace(/=.*/s, '')));
    if (known === undefined) return undefined;
    if (known[0].includes('<') && !word.includes('=')) index += 1;
  }
  return undefined;
}

/** Commander's own refusals, without its "error: ". */
function wrongUse({ message, code }: CommanderError, word: string | undefined): Fault {
  return new Fault({
    code: `usage.${code.replace(/^commander\./, '')}`,
    message: message.replace(/^error: /, '').replace(/\.$/, ''),
    hint: word === undefined ? 'stillpoint --help' : `stillpoint ${word} --help`,
    exit: EXIT.usage,
  });
}

function sentence(summary: string): string {
  return summary.charAt(0).toUpperCase() + summary.slice(1);
}

/** How to answer, when the command line itself could not be read. */
function flagsIn(argv: readonly string[]): Partial<GlobalFlags> {
  return argv.includes('--json') ? { json: true } : {};
}
