/**
 * What starts a Python program that comes over its standard input, to the byte: what follows it there is left for the
 * program. Nothing of it is left on the far end's disk, and no log has to hold it. Its arguments go after this.
 */
export function pythonFromInput(interpreter: string, text: string): readonly string[] {
  return [interpreter, '-I', '-S', '-c', LOADER, String(Buffer.byteLength(text))];
}

/** The program sees itself as argument 0, as if it had been a file. */
const LOADER = `import os, sys
n, text = int(sys.argv[1]), b''
while len(text) < n:
    piece = os.read(0, n - len(text))
    if not piece: sys.exit(3)
    text += piece
sys.argv[1:2] = []
exec(compile(text, 'sent', 'exec'))`;
