export interface Order { id: number; items: { sku: string }[] }

async function request<T>(path: string, decode: (status: number) => T): Promise<T> {
  await new Promise<void>((resolve) => setTimeout(resolve, 1));
  return decode(/order\/(\d+)$/.test(path) ? Number(RegExp.$1) : 500);
}

function assertOk(status: number): asserts status is 200 {
  if (status !== 200) {
    throw new Error(`answered ${status} – "order" could not be loaded`);
  }
}

export async function loadOrder(id: number): Promise<Order> {
  return await request(`/api/order/${id}`, (status) => {
    assertOk(status);
    return { id, items: [] };
  });
}

export async function* loadPages(count: number): AsyncGenerator<Order, void, undefined> {
  for (let page = 1; page <= count; page++) {
    if (page === 2) yield* failing(page);
    yield { id: page, items: [] };
  }
}

async function* failing(page: number): AsyncGenerator<Order> {
  yield { id: page, items: [] };
  throw new TypeError(`page ${page} / ${page}`);
}

export class OrderSource {
  private queue: (() => Order)[] = [];

  next = async (): Promise<Order> => {
    const first = this.queue.shift();
    return this.open(first!);
  };

  private open(order: () => Order): Order { return order(); }
}
