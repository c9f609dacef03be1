/** What an extension brings along, as a value; no file of it is there. */
export const bundle = {
  version: '1.2.3',
  id: '1.2.3-abcdef01',
  wheel: '/ext/editsvc-1.2.3-py3-none-any.whl',
  constraints: '/ext/constraints.txt',
  wheels: undefined,
  pythons: [],
  bytes: 1,
};
