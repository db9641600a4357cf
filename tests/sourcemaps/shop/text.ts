// Text that confuses whoever reads JavaScript by looking for brackets.
const BRACES = /[{}"'`/\]]|\/\*|(?:\/\/.*)/gu;
const HALF = 4 / 2 / 1;
const NESTED = `a ${`b ${((x: number) => `c ${{ x }.x} }`)(HALF)} \${`} \` ${"}"}`;

export function highlight(code: string, theme: { color: string }): string {
  const quote = (part: string) => part.replace(BRACES, (brace) => paint(brace, theme));
  return quote(code) + NESTED;
}

function paint(brace: string, theme: { color: string }) {
  if (brace === "`" || brace === '"' || brace == '\'') return `<b style="${theme.color}">${brace}</b>`;
  return brace; // don't } forget {
}

/* } function notAFunction() { */
export const parseQuery = (query: string): Map<string, string> => {
  const pairs = query.split("&").map((pair) => pair.split("=", 2) as [string, string]);
  return new Map(pairs.map(([key, value]) => [key, decode(value)] as const));
};

const decode = (value: string) => value.length / 1 > 0 ? decodeURIComponent(value) : /^$/.source;
