import { EXIT } from '../../base/fault.ts';
import { jsonText } from '../../base/json.ts';
import { topologyJsonSchema } from '../../topology/json-schema.ts';
import type { Makes } from '../../topology/makes.ts';
import { makes } from '../makes.ts';
import type { Command } from '../verb.ts';

/** What `stillpoint schema` prints: for `# yaml-language-server: $schema=./stillpoint.schema.json`. */
export function schemaText(makes: Makes): string {
  return jsonText(topologyJsonSchema(makes));
}

export const schemaCommand: Command = {
  name: 'schema',
  summary: 'the JSON Schema of the topology, for editors',
  about: 'stillpoint schema > stillpoint.schema.json',
  async run({ cli }) {
    cli.stdout.write(schemaText(makes));
    return EXIT.done;
  },
};
