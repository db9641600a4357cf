export class CurrencyError extends Error {
  constructor(readonly currency: string, options?: { cause?: unknown }) {
    super(`no rate for ${currency}`);
    this.name = "CurrencyError";
    if (options) Object.assign(this, options);
  }
}

export enum Rounding { Up = "up", Down = "down" }

export class Money {
  static zero(currency: string): Money { return new Money(0, currency); }

  constructor(readonly amount: number, readonly currency: string) {}

  plus<T extends Money>(other: T): Money {
    if (other.currency !== this.currency) throw new CurrencyError(other.currency, { cause: `${this.currency} / 2` });
    return new Money(this.amount + other.amount, this.currency);
  }

  times = (factor: number): Money => {
    if (factor < 0) { throw new RangeError("a price below nothing"); }
    return new Money(this.amount * factor, this.currency);
  };
}

export const sum = (amounts: readonly Money[]): Money =>
  amounts.reduce((total, each) => total.plus(each));

const rates: { [currency: string]: (amount: number) => number } = {
  EUR: amount => amount,
  USD: amount => amount / 1.1 / 1,
};

export function convert(money: Money, currency: string, rounding = Rounding.Down): Money {
  function rate(of: string): (amount: number) => number {
    const found = rates[of];
    if (!found) throw new CurrencyError(of);
    return found;
  }
  const round = rounding === Rounding.Up ? Math.ceil : Math.floor;
  return new Money(round(rate(currency)(money.amount)), currency);
}
