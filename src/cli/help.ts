/** The help that `stillpoint --help` prints, and `stillpoint` alone after the state of things. */
export function homeHelp(version: string): string {
  return `stillpoint ${version}   one state-consistent snapshot of VMs across several storage arrays

  Look first      check   plan     Connections and configuration.  What would a run do?
  Take            snapshot         One set of a group, now
  See             list  show  status
  Prove           verify  ledger   Compare with the manifest.  One instant, by the data?
  Clean up        remove  mend     Delete a set.  Finish or undo what a killed run left
  Set up          init  schema  holder
  Try it          demo             No configuration needed

  -t, --topology FILE   else $STILLPOINT_TOPOLOGY, else ./stillpoint.yaml
  --state FOLDER        the state folder, instead of what the topology says
  --json                for machines: objects, or one document, on standard output
  --quiet  --verbose    silent on success; every event
  --no-color            no colours; also NO_COLOR
  --yes                 assume yes at prompts; does not override safety checks
  --because TEXT        a reason, kept where something is removed
  --wait DURATION       for a lock that another run holds; default 0
  --timeout DURATION    time limit for preparation; never for releasing guests

  stillpoint COMMAND --help     exit codes: stillpoint help exit
`;
}

export const EXIT_HELP = `Exit codes

    0   done as asked
    1   a bug, with its stack
    2   usage or topology; nothing was touched
    3   less than required
    4   could not resolve, connect or prepare; no guest was frozen
    5   the window failed; all guests were released; no usable set
    6   A GUEST MAY STILL BE FROZEN: the message names it, until when, and what to type
   10   locked by another run
  128+n ended by signal n (130: INT, 143: TERM, 129: HUP)

What remains after \`snapshot\`

  What happened                                       Arrays    Catalog     Exit
  level as required                                   kept      good set    0
  the same, an optional VM not held                   kept      good set    0
  anything failed before the first hold               none      failed run  4
  the same, an array did not answer when prepared     named     failed run  5
  a guest could not be held; nothing was taken        none      failed run  5
  a snapshot is missing (after looking)               removed   failed run  5
  all are there, and they prove less than required    kept      WEAK set    3
  the same, with \`weak: remove\`                       removed   no set      3
  the disks moved in between                          removed   failed run  5
  all are there, the manifest could not be written    kept      failed run  5
  a snapshot of ours could not be removed             stays     leftover    5
  interrupted                                         removed   failed run  128+n
  the same, something could not be removed            named     leftover    128+n
  a guest's release is not confirmed                  as above  as above    6

  A weak set never counts as the last good one. Of several codes: 6, 1, 128+n, 5, 3.

Per command

  check    0 all passed   4 something failed
  plan     0 a plan   3 weaker than required   4 something stops it
  status   0 every group fresh and good   3 anything that needs somebody, or none
  verify   0 as the manifest says   3 it is not   4 an array cannot be reached
  remove   0 done   3 in part, or an array did not answer: the rest named
           4 a secret is missing, or the state folder has no room   10 locked
  mend     0 done   3 in part, the rest named   4 cannot reach   6 a guest   10 locked
  ledger   0 one instant   3 it is not, or cannot be judged   4 cannot be read or written
  init     0 all were found   4 a VM was not, or cannot reach

  Standard output on a full disk: 4; of snapshot, remove and mend their own.
`;
