// The function that every expression of a file is in, as TypeScript's parser has it:
// `node names.mjs < LIST-OF-FILES`. Prints {file: [[line, column, name], …]}; "": none with a name.
import { readFileSync } from "node:fs";
import ts from "typescript";

const { SyntaxKind: Kind } = ts;

function keyOf(name) {
  if (name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name) || ts.isNumericLiteral(name))) return name.text;
  return "";
}

// the name that JavaScript gives what stands at a place: `x = …`, `x: …`, `const x = …`
function given(node) {
  const above = node.parent;
  if (ts.isAsExpression(above) || ts.isSatisfiesExpression(above)) return given(above);
  if (ts.isVariableDeclaration(above) || ts.isBindingElement(above) || ts.isParameter(above)) return keyOf(above.name);
  if (ts.isPropertyAssignment(above)) return keyOf(above.name);
  if (ts.isPropertyDeclaration(above)) return inClass(above.parent, keyOf(above.name));
  if (ts.isShorthandPropertyAssignment(above)) return keyOf(above.name);
  if (!ts.isBinaryExpression(above) || above.right !== node) return "";
  if (![Kind.EqualsToken, Kind.BarBarEqualsToken, Kind.QuestionQuestionEqualsToken, Kind.AmpersandAmpersandEqualsToken].includes(above.operatorToken.kind)) return "";
  if (ts.isIdentifier(above.left)) return above.left.text;
  if (!ts.isPropertyAccessExpression(above.left)) return "";
  const name = above.left.name.text;
  let owner = above.left.expression;
  if (ts.isPropertyAccessExpression(owner) && owner.name.text === "prototype") owner = owner.expression;
  if (owner.getText() === "module" && name === "exports") return "";
  const last = ts.isPropertyAccessExpression(owner) ? owner.name.text : ts.isIdentifier(owner) ? owner.text : "";
  return last && !["exports", "self"].includes(last) ? `${last}.${name}` : name;
}

function inClass(node, name) {
  if (!name || !ts.isClassLike(node)) return name;
  const of = node.name ? node.name.text : given(node);
  return of ? `${of}.${name}` : name;
}

function nameOf(node) {
  if (ts.isConstructorDeclaration(node)) {
    const of = node.parent.name ? node.parent.name.text : given(node.parent);
    return of ? `new ${of}` : "";
  }
  if (ts.isMethodDeclaration(node) || ts.isAccessor(node)) return inClass(node.parent, keyOf(node.name));
  return node.name ? node.name.text : given(node);
}

function holds(node) {
  return ts.isFunctionLike(node) && node.body;
}

// parameters and body; the name of a method is computed outside of it
function begins(node, file) {
  const opened = ts.isArrowFunction(node) ? null : node.getChildren(file).find((it) => it.kind === Kind.OpenParenToken);
  return opened ? opened.getStart(file) : (node.parameters[0] ?? node).getStart(file);
}

function namesIn(path) {
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  if (file.parseDiagnostics.length) return null;
  const found = [];
  const known = new Map();
  const visit = (node, around) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    const start = node.getStart(file);
    const inside = [...around];
    if (holds(node)) inside.push([begins(node, file), nameOf(node)]);
    if (ts.isIdentifier(node) || ts.isLiteralExpression(node)) {
      const within = inside.findLast(([from]) => from <= start);
      const { line, character } = file.getLineAndCharacterOfPosition(start);
      found.push([line, character, within ? within[1] : ""]);
    }
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(file, []);
  return found;
}

const told = {};
for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const names = namesIn(path);
  if (names) told[path] = names;
}
process.stdout.write(JSON.stringify(told));
