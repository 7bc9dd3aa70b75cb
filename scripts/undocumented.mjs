// What is public and not documented, read from the declarations of an entry point.
import ts from 'typescript';

/** Members whose names say all, wherever they stand. */
const plain = new Set([
  ...[
    'name',
    'label',
    'group',
    'count',
    'height',
    'width',
    'channels',
    'classes',
    'version',
    'key',
    'file',
    'bytes',
  ],
  ...[
    'epoch',
    'epochs',
    'step',
    'steps',
    'seed',
    'seconds',
    'batchSize',
    'learningRate',
    'lr',
    'testLoss',
    'shuffle',
  ],
  ...[
    'signal',
    'onStart',
    'onBatchEnd',
    'onEpochEnd',
    'onStep',
    'svg',
    'json',
    'dtype',
    'format',
    'producer',
    'opset',
  ],
]);

/**
 * One line for each public name without a doc comment, function or class without an `@example` (errors are told by what
 * throws them), and member that has neither a comment, nor a type with one, nor a name that says all.
 */
export function undocumented(entry) {
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: ['node'],
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  const isDocumented = (symbol) => symbol.getDocumentationComment(checker).length > 0;
  /** `network: Network`: what it is says its type, if that is ours. */
  const hasNamedType = (symbol) => {
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
    const named = type.aliasSymbol ?? type.symbol;
    const isOurs = named?.declarations?.every(
      (each) => !each.getSourceFile().fileName.includes('node_modules'),
    );
    return isOurs === true && isDocumented(named);
  };
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const lacks = isDocumented(symbol) ? [] : ['a doc comment'];
    const isError = checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(symbol), 'stack') !== undefined;
    if (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class) && !isError) {
      if (!symbol.getJsDocTags(checker).some(({ name }) => name === 'example')) lacks.push('an @example');
    }
    const members = (symbol.declarations ?? []).flatMap(membersOf).filter((member) => {
      const own = checker.getSymbolAtLocation(member.name);
      return own !== undefined && !plain.has(own.name) && !isDocumented(own) && !hasNamedType(own);
    });
    return [
      ...lacks.map((what) => `${exported.name} has no ${what.replace(/^an? /, '')}`),
      ...members.map((member) => `${exported.name}.${member.name.getText()} has no doc comment`),
    ];
  });
}

/** Public members of an interface, a class or a type that is written out. */
function membersOf(declaration) {
  const of = ts.isTypeAliasDeclaration(declaration) ? declaration.type : declaration;
  if (!ts.isInterfaceDeclaration(of) && !ts.isClassDeclaration(of) && !ts.isTypeLiteralNode(of)) return [];
  return of.members.filter(
    (member) =>
      member.name !== undefined &&
      !ts.isPrivateIdentifier(member.name) &&
      (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) === 0,
  );
}
