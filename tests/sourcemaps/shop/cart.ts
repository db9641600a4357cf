import { Money, sum } from "./money";

export interface Item { sku: string; price: Money; quantity: number }
type Method = "card" | "invoice";
type Handler<T = void> = (value: T) => Promise<void> | void;

export class CheckoutError extends Error {}

abstract class Priced {
  protected abstract prices(): Money[];

  get total(): Money {
    return sum([Money.zero("GBP"), ...this.prices()]);
  }
}

export class Cart extends Priced {
  #discount = 0;
  private listeners: Array<Handler<Cart>> = [];

  constructor(private readonly items: Item[]) {
    super();
  }

  protected prices(): Money[] {
    return this.items.map(({ price, quantity }) => price.times(quantity));
  }

  set discount(value: number) {
    if (!(value >= 0 && value < 1)) throw new RangeError(`discount ${value}?`);
    this.#discount = value;
  }

  applyDiscount(value: number): this {
    this.discount = value;
    this.listeners.forEach((listener) => void listener(this));
    return this;
  }

  async checkout(method: Method): Promise<string> {
    const receipt = await this.#pay(method, async () => {
      await Promise.resolve();
      return `${this.items.length}`;
    });
    return receipt + this.#discount;
  }

  async #pay(method: Method, after: () => Promise<string>): Promise<string> {
    if (!this.items.length) throw new CheckoutError(`nothing to pay by ${method}`);
    return after();
  }

  static async *receipts(carts: Cart[]): AsyncGenerator<Money> {
    for (const cart of carts) yield cart.total;
  }
}

export const Basket = class {
  static restore(json: string): Cart {
    const data = JSON.parse(json) as { items: Item[] };
    return new Cart(data.items.filter((item): item is Item => item !== null));
  }
};
