import { EXIT } from '../../base/fault.ts';
import { jsonText } from '../../base/json.ts';
import { topologyJsonSchema } from '../../topology/json-schema.ts';
import type { Makes } from '../../topology/makes.ts';
import { makes } from '../makes.ts';
import type { Session } from '../session.ts';

/** What `stillpoint schema` prints: for `# yaml-language-server: $schema=./stillpoint.schema.json`. */
export function schemaText(makes: Makes): string {
  return jsonText(topologyJsonSchema(makes));
}

export async function run({ cli }: Session): Promise<number> {
  cli.stdout.write(schemaText(makes));
  return EXIT.done;
}
