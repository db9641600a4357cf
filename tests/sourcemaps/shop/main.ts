// A shop that fails in many ways; `stacks()` runs each of them and tells where it failed.
import { decodeJwt, jwtVerify, SignJWT } from "jose";
import { loadOrder, loadPages, OrderSource } from "./api";
import { Basket, Cart } from "./cart";
import { runJobs, walk } from "./jobs";
import { Ledger } from "./legacy";
import { convert, Money, sum } from "./money";
import { createStore, reducers } from "./store";
import { highlight, parseQuery } from "./text";
import { Checkout, ItemList } from "./view";
import { render } from "./h";

type Failure = () => unknown;

const failures: Record<string, Failure> = {
  total: () => new Cart([{ sku: "a", price: new Money(3, "EUR"), quantity: 1 }]).total,
  checkout: () => new Cart([]).checkout("card"),
  basket: () => Basket.restore("{}"),
  discount: () => new Cart([]).applyDiscount(-1),
  convert: () => convert(new Money(1, "EUR"), "XXX"),
  sum: () => sum([new Money(1, "EUR"), new Money(1, "USD")]),
  store: () => createStore(reducers).dispatch({ type: "explode" }),
  ledger: () => new Ledger().book(-5),
  posted: () => Ledger.posted(-5),
  highlight: () => highlight("`${x}`", null as never),
  query: () => parseQuery("a=%E0%A4%A"),
  view: () => render(Checkout({ items: null as never, onPay: () => undefined })),
  list: () => render(ItemList({ items: [{ name: undefined as never }] })),
  walk: () => [...walk({ left: { bad: true } })],
  async order() {
    await loadOrder(404);
  },
  pages: async () => {
    for await (const page of loadPages(3)) void page;
  },
  source: async () => new OrderSource().next(),
  session: () => decodeJwt("no.session"),
  verify: async () => jwtVerify(await new SignJWT({}).sign(new Uint8Array(4)), new Uint8Array(4)),
  jobs: async () => runJobs(["mail", "bill"]),
};

export async function stacks(): Promise<Record<string, string>> {
  const told: Record<string, string> = {};
  for (const [name, fail] of Object.entries(failures)) {
    try {
      await fail();
      told[name] = "did not fail";
    } catch (error) {
      told[name] = (error as Error).stack ?? "";
    }
  }
  return told;
}

declare const globalThis: { told?: Promise<Record<string, string>> };
globalThis.told = stacks();
