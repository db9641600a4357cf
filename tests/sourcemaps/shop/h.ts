// Eleven lines of a framework: what JSX is compiled to.
export type Node = { tag: string | Component; props: Record<string, unknown>; children: unknown[] };
export type Component<P = any> = (props: P) => Node;

export function h(tag: string | Component, props: Record<string, unknown> | null, ...children: unknown[]): Node {
  return { tag, props: props ?? {}, children };
}

export const Fragment: Component = (props) => h("", props);

export function render(node: unknown): string {
  if (node === null || typeof node !== "object") return String(node);
  if (Array.isArray(node)) return node.map(render).join("");
  const { tag, props, children } = node as Node;
  if (typeof tag === "function") return render(tag({ ...props, children }));
  return `<${tag}>${children.map((child) => render(child)).join("")}</${tag}>`;
}
