// Takes the settings in package.json from the language server:
//
//   editsvc-lsp --settings-schema | node scripts/settings.mjs [--check]
//
// With --check nothing is written, and the status is 1 if package.json says something else.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package.json', import.meta.url);
const schema = JSON.parse(readFileSync(0, 'utf8'));

/** VS Code's settings know no references. */
function inlined(value) {
  if (Array.isArray(value)) return value.map(inlined);
  if (value === null || typeof value !== 'object') return value;
  const { $ref, title, ...own } = value;
  const definition = $ref ? inlined(schema.$defs[$ref.split('/').at(-1)]) : {};
  return {
    ...definition,
    ...Object.fromEntries(Object.entries(own).map(([key, one]) => [key, inlined(one)])),
    // A preset's title is a property and no label of the schema.
    ...(typeof title === 'object' && { title: inlined(title) }),
    ...(definition.enum && { type: 'string' }),
  };
}

// A program to start is named by the user alone, never by a workspace: hence the scope.
const path = {
  description: 'The language server, as an absolute path; empty: editsvc-lsp is looked for on PATH.',
  type: 'string',
  default: '',
  scope: 'machine',
};
const properties = { 'editsvc.server.path': path };
for (const [name, property] of Object.entries(schema.properties)) {
  properties[`editsvc.${name}`] = { ...inlined(property), scope: 'window' };
}

const before = readFileSync(file, 'utf8');
const manifest = JSON.parse(before);
manifest.contributes.configuration = { title: 'editsvc', properties };
manifest.capabilities.untrustedWorkspaces.restrictedConfigurations = Object.keys(properties);
const after = `${JSON.stringify(manifest, null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, after);
} else if (after !== before) {
  console.error('package.json differs. Run: editsvc-lsp --settings-schema | npm run settings');
  process.exit(1);
}
