/** @jsx h @jsxFrag Fragment */
import { Fragment, h, type Component } from "./h";

interface Item { name: string; price?: number }
interface Props { items: Item[]; onPay: (items: Item[]) => void }

const memo = <P,>(component: Component<P>): Component<P> => (props) => component(props);

export function Checkout({ items, onPay }: Props) {
  const handlePay = () => { onPay(items); };
  return (
    <>
      <h1 title={"it's > 3"}>Don't panic &mdash; {"it's"} free</h1>
      {/* a comment with an apostrophe: don't */}
      <Summary count={count(items)} />
      <button onClick={handlePay} disabled={!items.length}>Pay {items.length > 1 ? "all" : `one ${"item"}`}</button>
    </>
  );
}

function count(items: Item[]): number {
  return items.length;
}

const Summary = memo<{ count: number }>(({ count }) => <b>{count / 2} / {count}</b>);

const Row: Component<{ item: Item }> = ({ item }) => {
  const label = (name: string) => name.toUpperCase();
  return <li key={item.name}>{label(item.name)}<br/></li>;
};

export const ItemList = function ItemListView({ items }: { items: Item[] }) {
  return <ul>{items.map(item => <Row item={item} />)}</ul>;
};
