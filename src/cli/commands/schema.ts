import { jsonText } from '../../base/json.ts';
import { topologyJsonSchema } from '../../topology/json-schema.ts';
import type { Makes } from '../../topology/makes.ts';

/** What `stillpoint schema` prints: for `# yaml-language-server: $schema=./stillpoint.schema.json`. */
export function schemaText(makes: Makes): string {
  return jsonText(topologyJsonSchema(makes));
}
