/** Directions that imports may take. `npm run lint` fails on any other. */
module.exports = {
  forbidden: [
    {
      name: 'contracts-is-a-leaf',
      comment: 'Contracts are what everybody shares: they import nothing of ours.',
      severity: 'error',
      from: { path: '^packages/contracts/' },
      to: { path: '^(packages|apps)/(?!contracts/)' },
    },
    {
      name: 'apps-do-not-import-apps',
      comment: 'A service is built, deployed and replaced on its own; it speaks with others over NATS.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'packages-do-not-import-apps',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'no-deep-imports',
      comment: 'What a package exports is what it offers.',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^packages/[^/]+/(src|dist)/(?!index\\.)', pathNot: '^$1/$2/' },
    },
    {
      name: 'ledger-protocol-is-pure',
      comment: 'Transitions are decided without clock or I/O, so that they can be explored exhaustively.',
      severity: 'error',
      from: { path: '^packages/ledger-protocol/src/', pathNot: '(\\.spec|/exploration/cli)\\.ts$' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'resolvable',
      comment: 'An import of something that a package does not export, or that is not a declared dependency.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: '(^|/)(dist|node_modules)/' },
    // Programs of other frameworks are run in a folder of their own, where their packages are.
    exclude: { path: '((^|/)generated|^packages/bench/peers)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
    tsConfig: { fileName: 'tsconfig.base.json' },
  },
};
