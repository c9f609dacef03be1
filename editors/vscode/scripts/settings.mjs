// Takes the settings in package.json from the language server, and adds how they read in the settings editor:
//
//   editsvc-lsp --settings-schema | node scripts/settings.mjs [--check]
//
// With --check nothing is written, and the status is 1 if package.json says something else.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package.json', import.meta.url);
const schema = JSON.parse(readFileSync(0, 'utf8'));

/**
 * The settings in the order in which they are read, by group. A string stands for the server's own words; an object
 * has better ones for this place: with links to other settings, and a description for each value.
 */
const groups = {
  Editing: {
    mode: {
      markdownDescription: 'How an edit reaches the document.',
      values: {
        apply: 'The edit goes into the document, and no change waits for you.',
        preview: 'The edit is shown beside the document, which stays as it is until you apply it.',
        review: 'The edit goes into the document, and each change is open to accept or reject.',
      },
    },
    confirm: 'Ask before an edit goes into the document.',
    onlyAsked:
      'Leave out the changes that the instruction does not explain. Otherwise they are marked *not asked for?*, and one key takes all of them back.',
    codeLenses: 'Show *Accept* and *Reject* above open changes.',
  },
  Instructions: {
    presets:
      'Instructions of your own, for the input and the *Refactor* menu. Give one the `id` of a built-in one to replace it (`document`, `types`, `simplify`, `errors`, `proofread`). See also `#editsvc.builtinPresets#`.',
    builtinPresets: 'Offer the built-in instructions beside `#editsvc.presets#`.',
    commentMarker:
      'The word, before a colon, that makes a comment an instruction: with `edit`, the comment `# edit: make this a dataclass` is one.',
  },
  Model: {
    model: 'The model that writes the edits.',
    reasoningEffort: '`low`, `medium` or `high`, for models that support it.',
    maxRetries: '',
    onSyntaxError: {
      markdownDescription: 'What to do if an edit breaks the syntax of a file that had no error.',
      values: { refuse: 'The edit is refused.', retry: 'The model is asked once more, and told about the errors.' },
    },
    editFormat: {
      markdownDescription: 'The form in which the model replies.',
      values: {
        rewrite: 'The lines as they are to be: what can be predicted, and so is fast.',
        'search-replace':
          'Texts to search for and what replaces them; if one does not occur exactly once, a rewrite is asked for.',
      },
    },
  },
  'Prediction and cost': {
    prediction: {
      markdownDescription:
        'Whether the text goes along as the predicted output, which makes its unchanged parts fast. Short texts are covered by `#editsvc.predictionMinTokens#`.',
      values: {
        auto: 'Where it pays, as far as the log of earlier edits tells.',
        off: 'Never.',
        on: 'Always.',
      },
    },
    predictionMinTokens: 'With `#editsvc.prediction#` `auto`, shorter texts are sent without a prediction.',
    drafts: 'Carry out what an instruction plainly says, such as a rename, in the predicted text first.',
    scopeMinTokens:
      'Files with fewer tokens are rewritten whole where nothing narrower is meant; of longer files, only sections are.',
    locate: {
      markdownDescription: 'Whether the model is asked first which sections of a long file an edit needs.',
      values: {
        auto: 'Where the file does not fit, or where asking is cheaper than showing it.',
        off: 'Never.',
        on: 'For every file of at least `#editsvc.scopeMinTokens#`.',
      },
    },
    contextTokens: 'At most so many tokens of a file are shown to the model; 0 stands for as many as it takes.',
    jobs: '',
  },
};

/** Settings of the extension alone. A program to start is named by the user, never by a workspace: hence the scope. */
const own = {
  Review: {
    openReview: {
      markdownDescription: 'When the review opens by itself: all changes of a file, with what they remove.',
      type: 'string',
      enum: ['linesRemoved', 'always', 'never'],
      default: 'linesRemoved',
      markdownEnumDescriptions: [
        'When a change removes more than one line, which the document itself cannot show.',
        'After each edit.',
        'Only by *Review what goes and what is new*.',
      ],
      scope: 'window',
    },
  },
  Server: {
    'server.path': {
      markdownDescription:
        'The language server, as an absolute path. If it is empty, `editsvc-lsp` is looked for on `PATH`, then what the extension has installed is used.',
      type: 'string',
      default: '',
      scope: 'machine',
    },
    'server.python': {
      markdownDescription:
        'The Python, 3.11 or later, with which the extension makes the environment of its language server, as an absolute path. If it is empty, one is looked for.',
      type: 'string',
      default: '',
      scope: 'machine',
    },
  },
};

/** VS Code's settings know no references. */
function inlined(value) {
  if (Array.isArray(value)) return value.map(inlined);
  if (value === null || typeof value !== 'object') return value;
  const { $ref, title, ...rest } = value;
  const definition = $ref ? inlined(schema.$defs[$ref.split('/').at(-1)]) : {};
  return {
    ...definition,
    ...Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, inlined(one)])),
    // A preset's title is a property and no label of the schema.
    ...(typeof title === 'object' && { title: inlined(title) }),
    ...(definition.enum && { type: 'string' }),
  };
}

/** A setting of the server, with the words of the table. */
function described(name, words) {
  const { description, ...property } = inlined(schema.properties[name]);
  const markdown = (typeof words === 'string' ? words : words.markdownDescription) || description;
  const values = words.values && property.enum.map((value) => words.values[value]);
  if (values?.some((one) => one === undefined)) throw new Error(`A value of ${name} has no description.`);
  if (property.enum && !values) throw new Error(`The values of ${name} have no descriptions.`);
  return { markdownDescription: markdown, ...property, ...(values && { markdownEnumDescriptions: values }) };
}

const snake = (name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

let order = 0;
const configuration = Object.entries(groups).map(([title, settings], index) => ({
  title,
  order: index,
  properties: Object.fromEntries(
    Object.entries(settings).map(([name, words]) => [
      `editsvc.${name}`,
      { ...described(name, words), order: (order += 1), scope: 'window' },
    ]),
  ),
}));
for (const [title, settings] of Object.entries(own)) {
  const properties = Object.entries(settings).map(([name, one]) => [
    `editsvc.${name}`,
    { ...one, order: (order += 1) },
  ]);
  configuration.push({ title, order: configuration.length, properties: Object.fromEntries(properties) });
}

const named = Object.values(groups).flatMap(Object.keys);
const missing = Object.keys(schema.properties).filter((name) => !named.includes(name));
if (missing.length) throw new Error(`These settings are in no group of settings.mjs: ${missing.join(', ')}.`);

// What the settings were called in the first version still counts. VS Code shows these only to whoever has set one.
const before = Object.fromEntries(
  named
    .filter((name) => snake(name) !== name)
    .map((name) => {
      const { type } = inlined(schema.properties[name]);
      const now = `editsvc.${name}`;
      return [
        `editsvc.${snake(name)}`,
        {
          markdownDeprecationMessage: `It is called \`#${now}#\` now. This name still counts, if that one is not set.`,
          type,
          scope: 'window',
        },
      ];
    }),
);
configuration.push({ title: 'Earlier names', order: configuration.length, properties: before });

const text = readFileSync(file, 'utf8');
const manifest = JSON.parse(text);
manifest.contributes.configuration = configuration;
manifest.capabilities.untrustedWorkspaces.restrictedConfigurations = configuration.flatMap(({ properties }) =>
  Object.keys(properties),
);
const after = `${JSON.stringify(manifest, null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, after);
} else if (after !== text) {
  console.error('package.json differs. Run: editsvc-lsp --settings-schema | npm run settings');
  process.exit(1);
}
